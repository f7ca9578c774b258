import * as fc from 'fast-check';

/** What is done to the tokens of one client, and to what keeps them. */
export type TokenCommand =
  | 'login'
  | 'check the first'
  | 'check the last'
  | 'log out'
  | 'unregister'
  | 'Redis forgets'
  | 'time passes';

export interface TokenScenario {
  /** Redis has no record of the first token. */
  readonly isForgotten: boolean;
  /** For each actor what it does, one after the other; actors take turns with two API processes. */
  readonly actors: readonly (readonly TokenCommand[])[];
  /**
   * Instead of a first token, a login that has taken so many steps before all this, and whose answer nobody waits for. It has its
   * lease, so a login that begins now comes after it.
   */
  readonly givenUpSteps: 0 | 1 | 2;
  /** The first token lives so long. */
  readonly lifetimeSeconds: number;
}

const long = 300;

/** Sequences of these commands by so many actors. */
export function tokenScenarios(commands: readonly TokenCommand[], actors = 3): fc.Arbitrary<TokenScenario> {
  const sequence = fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 2 });
  return fc.record({
    isForgotten: fc.boolean(),
    actors: fc.array(sequence, { minLength: 1, maxLength: actors }),
    givenUpSteps: fc.constant<0>(0),
    lifetimeSeconds: fc.constant(long),
  });
}

/** The smallest scenario in which something can be seen: only the order of its steps is searched. */
export const smallestToken = (scenario: Partial<TokenScenario>): fc.Arbitrary<TokenScenario> =>
  fc.constant({ isForgotten: false, actors: [], givenUpSteps: 0, lifetimeSeconds: long, ...scenario });
