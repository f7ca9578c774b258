import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import type { WriteEntries } from '@keybin/worker/apply/write-entries.js';
import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { mongoFirst, type ReadSteps } from '../../unit/scale-out/entries/mongo-first.js';

/** Replacements for rules of the write path. The default is the product's own rule. */
export interface WriteVariant {
  readonly acceptScript?: Script;
  readonly settleScript?: Script;
  readonly write?: (database: Database) => WriteEntries;
  readonly reads?: (steps: ReadSteps) => ReadSteps;
  /** Lifetime of tombstones. Defaults to that of the index. */
  readonly tombstoneSeconds?: number;
  /** Number of passes after which an erasure counts as done. */
  readonly passes?: number;
  readonly erasuresAreRecorded?: false;
  readonly sweeps?: false;
  /** True if the erase job also deletes the account that now has the name. */
  readonly erasesByName?: true;
}

/** Stores every entry, even over a newer version. */
const unguarded =
  ({ store }: Database): WriteEntries =>
  async (entries) => {
    for (const { userId, key, epoch, version, json } of entries) {
      const content = json === undefined ? { deleted_at: new Date() } : { value: json };
      const document = { epoch, version, ...content };
      await store.replaceOne({ _id: `${userId}/${key}` }, document, { upsert: true });
    }
    return { stored: [...entries], overtaken: [], rejected: [] };
  };

/** Stores an entry if its version is larger, in whatever epoch. */
const byVersionAlone =
  ({ store }: Database): WriteEntries =>
  async (entries) => {
    for (const { userId, key, epoch, version, json } of entries) {
      const filter = { _id: `${userId}/${key}`, version: { $lt: version } };
      await store.updateOne(filter, { $set: { epoch, version, ...(json !== undefined && { value: json }) } });
    }
    return { stored: [...entries], overtaken: [], rejected: [] };
  };

/** Variants that each take out one rule, under the names of the models in `test/model`. */
export const writeVariants = {
  noguard: { write: unguarded },
  nocas: { settleScript: changedScript('entries/settle', 'current ~= text', 'false') },
  noepoch: { write: byVersionAlone },
  mongofirst: { reads: mongoFirst },
  noslot: {
    acceptScript: changedScript('entries/accept', 'lookAt(slot) ~= string.sub(change, 2)', "operation == 'D'"),
  },
  earlyttl: { tombstoneSeconds: -1 },
  // Named as in the model of the tokens: accepting a write checks the erasure mark but not the token
  split: {
    acceptScript: changedScript('entries/accept', "tokenStates[token] ~= 'live'", "tokenStates[token] == 'marked'"),
  },
  nosweep: { sweeps: false },
  nosecond: { passes: 1 },
  nolast: { passes: 2 },
  norecord: { erasuresAreRecorded: false },
  byname: { erasesByName: true },
} as const satisfies Record<string, WriteVariant>;
