import * as fc from 'fast-check';

/** What a client does to the one key, or to the list. */
export type Command = 'put' | 'delete' | 'get' | 'list';

/** What befalls the servers at some moment. */
export type Event = 'jobs are lost' | 'Redis is lost' | 'tombstones are tidied away';

/** What a put has left before all this. */
export type Before = 'nothing' | 'pending' | 'stored';

/** What there is to put in order. */
export interface Scenario {
  readonly before: Before;
  /** For each client what it does, one after the other; clients take turns with two API processes. */
  readonly clients: readonly (readonly Command[])[];
  /** For each worker how often it applies what is pending. */
  readonly workers: readonly number[];
  readonly events: readonly Event[];
  /** The account is ended, and a new one takes its name. */
  readonly unregisters: boolean;
}

interface Shape {
  readonly commands?: readonly Command[];
  readonly clients?: number;
  readonly events?: readonly Event[];
  readonly unregisters?: boolean;
}

/** Scenarios of a kind: short ones, which collide most. */
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

/** The smallest scenario in which something can be seen: only the order of its steps is searched. */
export function smallest(scenario: Partial<Scenario>): fc.Arbitrary<Scenario> {
  return fc.constant({ before: 'nothing', clients: [], workers: [], events: [], unregisters: false, ...scenario });
}

/**
 * A lost Redis may take what was answered and not applied with it, which reads before that would have shown: so there are puts alone.
 */
export const kinds = {
  writes: scenarios({ commands: ['put', 'put', 'delete', 'get', 'list'], clients: 3, events: ['jobs are lost'] }),
  tidied: scenarios({ commands: ['put', 'delete'], events: ['tombstones are tidied away'] }),
  lost: scenarios({ events: ['Redis is lost'] }),
  erased: scenarios({ commands: ['put', 'put', 'get', 'delete'], unregisters: true }),
  erasedAndLost: scenarios({ events: ['Redis is lost'], unregisters: true }),
};
