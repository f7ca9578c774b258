import * as fc from 'fast-check';

/** Operations on the tokens of one client, and on the stores that keep them. */
export type TokenCommand =
  | 'login'
  | 'check the first'
  | 'check the last'
  | 'log out'
  | 'unregister'
  | 'Redis forgets'
  | 'time passes';

export interface TokenScenario {
  /** True if Redis has no record of the first token. */
  readonly isForgotten: boolean;
  /** Commands of each actor, in order. Actors use two API processes in turn. */
  readonly actors: readonly (readonly TokenCommand[])[];
  /**
   * Steps taken by a login that begins before everything else and replaces the first token. No client waits for its
   * answer. It holds its lease, so a login that begins now comes after it.
   */
  readonly givenUpSteps: 0 | 1 | 2;
  /** Lifetime of the first token. */
  readonly lifetimeSeconds: number;
}

const long = 300;

/** Returns scenarios in which up to `actors` actors run sequences of these commands. */
export function tokenScenarios(commands: readonly TokenCommand[], actors = 3): fc.Arbitrary<TokenScenario> {
  const sequence = fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 2 });
  return fc.record({
    isForgotten: fc.boolean(),
    actors: fc.array(sequence, { minLength: 1, maxLength: actors }),
    givenUpSteps: fc.constant<0>(0),
    lifetimeSeconds: fc.constant(long),
  });
}

/** Returns the smallest scenario that can show a violation. Only the order of its steps is searched. */
export const smallestToken = (scenario: Partial<TokenScenario>): fc.Arbitrary<TokenScenario> =>
  fc.constant({ isForgotten: false, actors: [], givenUpSteps: 0, lifetimeSeconds: long, ...scenario });
