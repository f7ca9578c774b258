import { randomUUID } from 'node:crypto';
import { script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import type { Lease } from '@keybin/shared/engines/scale-out/tokens/token-records.js';
import { changedScript } from '../../../world/scale-out/changed-script.js';
import { withSteps } from '../../../world/scale-out/gates.js';
import type { Variant } from './token-world.js';

/** Variants that each lack one rule of the token protocol. Their names are those in `test/model/token-protocol.mjs`. */

/** A process fills the record without checking that it still holds its lease. */
const nolease: Variant = {
  scripts: {
    fill: changedScript(
      'tokens/fill-record',
      "not held or string.sub(held, 1, 1) ~= 'L' or string.sub(held, 19) ~= ARGV[2]",
      'false',
    ),
  },
};

/** An issue takes its lease after MongoDB holds the new token, not before. */
const late: Variant = {
  records: (records) =>
    withSteps(records, {
      // The tests' Redis has the clock of this machine
      lease: async (): Promise<Lease> => ({ outcome: 'leased', nonce: randomUUID(), timeUs: Date.now() * 1_000 }),
      fill: async (bearer, lease, expiresUs, otherwise) => {
        const own = otherwise === 'delete' ? await records.lease(bearer, 'issue') : lease;
        await records.fill(bearer, own, expiresUs, otherwise);
      },
    }),
};

/** An issue or logout takes over the lease of another one that is still running. */
const nowait: Variant = {
  scripts: {
    lease: changedScript('tokens/lease-record', "if kind == 'c' or string.sub(held, 18, 18) ~= 'c'", "if kind == 'c'"),
  },
};

/** An issue that lost its lease leaves the record alone instead of deleting it. */
const keep: Variant = { scripts: { fill: changedScript('tokens/fill-record', "if ARGV[5] == 'delete'", 'if false') } };

/** The user document is not read between taking the lease and filling the record. */
const nouser: Variant = {
  documents: (documents) => withSteps(documents, { userExists: async () => true }),
};

/** Unregister does not mark the account and delete its records before it deletes the user document. */
const noclose: Variant = { markScripts: { close: script('return 1') } };

/** A check may take a lease while the account is marked. */
const nomark: Variant = {
  scripts: {
    lease: changedScript('tokens/lease-record', "if kind ~= 'l' and redis.call('EXISTS', KEYS[2]) == 1", 'if false'),
  },
};

/** Unregister does not repeat the mark and the deletion of records after it has deleted the user document. */
const redisfirst: Variant = { markScripts: { unregister: script('return 0') } };

/** Logout deletes only the record, not the document. */
const forget: Variant = {
  documents: (documents) => withSteps(documents, { remove: async () => true }),
};

/** A record is trusted although Redis was restarted since it was written. */
const nolife: Variant = {
  scripts: {
    lease: changedScript('tokens/lease-record', "redis.call('HGET', epochKey, 'number')", "'any'"),
    fill: changedScript('tokens/fill-record', "redis.call('HGET', epochKey, 'number')", "'any'"),
  },
};

/** Leaves expired tokens to the database's sweeper. */
const ttl: Variant = {
  scripts: { lease: changedScript('tokens/lease-record', 'local now = time[1] * 1000000 + time[2]', 'local now = 0') },
};

/**
 * A token document replaces any other. It may have been sent before the other one's lease was taken, and have arrived
 * late.
 */
const anyorder: Variant = {
  documents: (documents) =>
    withSteps(documents, { replace: (token) => documents.replace({ ...token, issued_at: new Date() }) }),
};

/** Disable does not mark the account and delete its records before it changes the user document. */
const offopen: Variant = { markScripts: { suspend: script('return 1') } };

/** Disable does not delete the records again after it has changed the user document. */
const offonce: Variant = { markScripts: { endTokens: script('return 1') } };

/** A token is not compared with the generation of its account. */
const offgen: Variant = {
  documents: (documents) =>
    withSteps(documents, {
      userExists: async (userId) => (await documents.userExists(userId, 0)) || documents.userExists(userId, 1),
    }),
};

export const variants = {
  anyorder,
  nolease,
  late,
  nowait,
  keep,
  nouser,
  noclose,
  nomark,
  redisfirst,
  forget,
  nolife,
  ttl,
  offopen,
  offonce,
  offgen,
};
