import * as fc from 'fast-check';

/** Operations of a client on the one key, or on the list. */
export type Command = 'put' | 'delete' | 'get' | 'list';

/** Faults of the servers, and events in them. */
export type Event = 'jobs are lost' | 'Redis is lost' | 'tombstones are tidied away';

/** State that a put has left before the run. */
export type Before = 'nothing' | 'pending' | 'stored';

/** Actors whose steps the scheduler orders. */
export interface Scenario {
  readonly before: Before;
  /** Commands of each client, in order. Clients use two API processes in turn. */
  readonly clients: readonly (readonly Command[])[];
  /** Number of times that each worker applies the pending entries. */
  readonly workers: readonly number[];
  readonly events: readonly Event[];
  /** True if the account is deleted and a new one takes its name. */
  readonly unregisters: boolean;
}

interface Shape {
  readonly commands?: readonly Command[];
  readonly clients?: number;
  readonly events?: readonly Event[];
  readonly unregisters?: boolean;
}

/** Returns short scenarios of a kind, which collide most. */
function scenarios({ commands = ['put'], clients = 2, events = [], unregisters = false }: Shape = {}) {
  const sequence = fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 3 });
  return fc.record({
    before: fc.constantFrom<Before[]>('nothing', 'pending', 'stored'),
    clients: fc.array(sequence, { minLength: 1, maxLength: clients }),
    workers: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }),
    events: fc.shuffledSubarray([...events]),
    unregisters: fc.constant(unregisters),
  });
}

/** Returns the smallest scenario that can show a violation. Only the order of its steps is searched. */
export function smallest(scenario: Partial<Scenario>): fc.Arbitrary<Scenario> {
  return fc.constant({ before: 'nothing', clients: [], workers: [], events: [], unregisters: false, ...scenario });
}

/**
 * Scenarios by kind. A lost Redis may take acknowledged writes with it that reads have shown, so that kind has only
 * puts.
 */
export const kinds = {
  writes: scenarios({ commands: ['put', 'put', 'delete', 'get', 'list'], clients: 3, events: ['jobs are lost'] }),
  tidied: scenarios({ commands: ['put', 'delete'], events: ['tombstones are tidied away'] }),
  lost: scenarios({ events: ['Redis is lost'] }),
  erased: scenarios({ commands: ['put', 'put', 'get', 'delete'], unregisters: true }),
  erasedAndLost: scenarios({ events: ['Redis is lost'], unregisters: true }),
};
