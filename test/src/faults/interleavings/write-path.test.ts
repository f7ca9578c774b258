import { expect } from 'chai';
import * as fc from 'fast-check';
import { freshPartition } from '../../unit/worker/partition.js';
import { search, untilFound } from './parameters.js';
import { playWrites } from './write-run.js';
import { kinds, smallest, type Scenario } from './write-scenario.js';
import { writeVariants, type WriteVariant } from './write-variants.js';

/** Runs of each kind of scenario. */
const runs = 30;

describe('the write path, with its steps in any order', function () {
  this.timeout(120_000);
  const world = freshPartition();

  const property = (variant: WriteVariant, kind: fc.Arbitrary<Scenario>) =>
    fc.asyncProperty(fc.scheduler(), kind, async (scheduler, scenario) => {
      expect(await playWrites(world.partition, scheduler, variant, scenario)).to.deep.equal([]);
    });

  for (const [name, kind] of Object.entries(kinds)) {
    it(`keeps its promises: ${name}`, () => fc.assert(property({}, kind), search(runs)));
  }

  const rules: Record<keyof typeof writeVariants, fc.Arbitrary<Scenario>> = {
    noguard: smallest({ before: 'pending', clients: [['put']], workers: [1, 1] }),
    nocas: smallest({ before: 'pending', clients: [['put']], workers: [1] }),
    noepoch: smallest({ before: 'stored', clients: [['put']], workers: [1], events: ['Redis is lost'] }),
    mongofirst: smallest({ before: 'pending', clients: [['get']], workers: [1] }),
    noslot: smallest({ before: 'stored', clients: [['delete'], ['delete']], workers: [1] }),
    earlyttl: smallest({
      before: 'pending',
      clients: [['delete']],
      workers: [1, 1],
      events: ['tombstones are tidied away'],
    }),
    split: smallest({ clients: [['put']], events: ['Redis is lost'], unregisters: true }),
    nosweep: smallest({ clients: [['put']], events: ['jobs are lost'] }),
    nosecond: smallest({ before: 'pending', workers: [1], unregisters: true }),
    nolast: smallest({ before: 'pending', workers: [1], unregisters: true }),
    norecord: smallest({ before: 'stored', events: ['Redis is lost'], unregisters: true }),
    byname: smallest({ unregisters: true }),
  };
  for (const [name, variant] of Object.entries(writeVariants)) {
    it(`breaks them without its rule: ${name}`, async () => {
      const scenario = rules[name as keyof typeof writeVariants]; // both have the same keys
      const { failed } = await fc.check(property(variant, scenario), untilFound);
      expect(failed).to.equal(true);
    });
  }
});
