import { expect } from 'chai';
import * as fc from 'fast-check';
import { variants } from '../../unit/scale-out/tokens/token-variants.js';
import { TokenProcess, type Variant } from '../../unit/scale-out/tokens/token-world.js';
import { services } from '../../world/services/services.js';
import { search, untilFound } from './parameters.js';
import { playTokens, type Processes } from './token-run.js';
import { smallestToken, tokenScenarios, type TokenScenario } from './token-scenario.js';

/** Runs of each kind of scenario. */
const runs = 30;
/** Runs of the scenario of each rule. */
const ruleRuns = 20;

/**
 * All rules but these: `nolife` needs a restart of Redis (test/src/faults/scale-out/token-losses.test.ts). No scenario
 * disables an account, and the order of steps that breaks `nomark` is rare
 * (test/src/unit/scale-out/tokens/token-rules.test.ts).
 */
type Rule = Exclude<keyof typeof variants, 'nolife' | 'nomark' | 'offopen' | 'offonce' | 'offgen'>;

const kinds = {
  rotated: tokenScenarios(['login', 'check the first', 'check the last', 'Redis forgets']),
  'logged out': tokenScenarios(['log out', 'check the first', 'Redis forgets']),
  unregistered: tokenScenarios(['login', 'check the first', 'unregister', 'Redis forgets']),
};

const rules: Record<Rule, fc.Arbitrary<TokenScenario>> = {
  nolease: smallestToken({ isForgotten: true, actors: [['login'], ['check the first']] }),
  late: smallestToken({
    isForgotten: true,
    actors: [['login'], ['check the first'], ['check the first', 'check the first']],
  }),
  nowait: smallestToken({ givenUpSteps: 1, actors: [['login']] }),
  keep: smallestToken({ actors: [['login'], ['check the first'], ['Redis forgets']] }),
  nouser: smallestToken({ isForgotten: true, actors: [['unregister']] }),
  noclose: smallestToken({
    isForgotten: true,
    actors: [['unregister'], ['check the first'], ['check the first', 'check the first']],
  }),
  redisfirst: smallestToken({ actors: [['unregister'], ['check the first'], ['Redis forgets']] }),
  forget: smallestToken({ actors: [['log out']] }),
  ttl: smallestToken({ isForgotten: true, lifetimeSeconds: 0.05, actors: [['time passes']] }),
  anyorder: smallestToken({ givenUpSteps: 2, actors: [['login'], ['Redis forgets']] }),
};

const property = (processes: Processes, kind: fc.Arbitrary<TokenScenario>) =>
  fc.asyncProperty(fc.scheduler(), kind, async (scheduler, scenario) => {
    expect(await playTokens(processes, scheduler, scenario)).to.deep.equal([]);
  });

describe('tokens, with the steps of their protocol in any order', function () {
  this.timeout(120_000);
  const place = services();

  async function withProcesses(variant: Variant, work: (processes: Processes) => Promise<void>): Promise<void> {
    const one = await TokenProcess.open(place, variant);
    const other = await TokenProcess.open(place, variant);
    try {
      await work([one, other]);
    } finally {
      await one.close();
      await other.close();
    }
  }

  for (const [name, kind] of Object.entries(kinds)) {
    it(`keep their promises: ${name}`, () =>
      withProcesses({}, async (processes) => fc.assert(property(processes, kind), search(runs))));
  }

  for (const [name, scenario] of Object.entries(rules)) {
    it(`keep their promises where the rule is needed: ${name}`, () =>
      withProcesses({}, async (processes) => fc.assert(property(processes, scenario), search(ruleRuns))));

    it(`break them without the rule: ${name}`, () =>
      withProcesses(variants[name as Rule], async (processes) => {
        const { failed } = await fc.check(property(processes, scenario), untilFound);
        expect(failed).to.equal(true);
      }));
  }
});
