import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import type { WriteEntries } from '@keybin/worker/apply/guarded-writes.js';
import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { mongoFirst, type ReadSteps } from '../../unit/scale-out/entries/mongo-first.js';

/** What a test puts in the place of a rule of the write path. Nothing: the product's own. */
export interface WriteVariant {
  readonly acceptScript?: Script;
  readonly settleScript?: Script;
  readonly write?: (database: Database) => WriteEntries;
  readonly reads?: (steps: ReadSteps) => ReadSteps;
  /** How long tombstones live; as the index says unless told otherwise. */
  readonly tombstoneSeconds?: number;
  /** Passes after which an erasure counts as done. */
  readonly passes?: number;
  readonly erasuresAreRecorded?: false;
  readonly sweeps?: false;
  /** The erase job also deletes whoever has the name. */
  readonly erasesByName?: true;
}

/** Writes whatever it has, even over a newer version. */
const unguarded =
  ({ store }: Database): WriteEntries =>
  async (entries) => {
    for (const { userId, key, version, json } of entries) {
      const document = json === undefined ? { version, deleted_at: new Date() } : { version, value: json };
      await store.replaceOne({ _id: `${userId}/${key}` }, document, { upsert: true });
    }
    return { stored: [...entries], overtaken: [], rejected: [] };
  };

/** One rule taken out each, under the names that the models in `test/model` have for them. */
export const writeVariants = {
  noguard: { write: unguarded },
  nocas: { settleScript: changedScript('entries/settle', 'current ~= text', 'false') },
  norestamp: { settleScript: changedScript('entries/settle', "stored == ''", 'true') },
  mongofirst: { reads: mongoFirst },
  nodeleted: { acceptScript: changedScript('entries/accept', 'or isDeletedSince(member, string.sub(change, 2))', '') },
  earlyttl: { tombstoneSeconds: -1 },
  // what the model of the tokens calls so: only the erasure mark is looked at when a write is accepted, not its token
  split: {
    acceptScript: changedScript('entries/accept', "tokenStates[token] ~= 'live'", "tokenStates[token] == 'marked'"),
  },
  nosweep: { sweeps: false },
  nosecond: { passes: 1 },
  nolast: { passes: 2 },
  norecord: { erasuresAreRecorded: false },
  byname: { erasesByName: true },
} as const satisfies Record<string, WriteVariant>;
