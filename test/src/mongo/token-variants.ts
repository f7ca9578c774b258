import { randomUUID } from 'node:crypto';
import { loadScript, script, type Script } from '@keybin/shared/engines/mongo/scripts.js';
import type { Lease } from '@keybin/shared/engines/mongo/token-records.js';
import type { Variant } from './token-world.js';

/**
 * One rule of the token protocol taken out each, under the names that `test/model/token-protocol.mjs` has for them.
 */

/** The product's script with one passage replaced. */
function changed(name: string, passage: string, replacement: string): Script {
  const { lua } = loadScript(name);
  if (lua.split(passage).length !== 2) throw new Error(`${name}.lua has not one passage ${passage}`);
  return script(lua.replace(passage, replacement));
}

/** A process fills the record without looking whether its lease still stands. */
const nolease: Variant = {
  scripts: {
    fill: changed('fill', "not held or string.sub(held, 1, 1) ~= 'L' or string.sub(held, 19) ~= ARGV[2]", 'false'),
  },
};

/** An issue takes its lease after MongoDB holds the new token, not before. */
const late: Variant = {
  records: (records) => ({
    check: (bearer) => records.check(bearer),
    // Redis of the tests has the clock of this machine
    lease: async (): Promise<Lease> => ({ outcome: 'leased', nonce: randomUUID(), timeUs: Date.now() * 1_000 }),
    fill: async (bearer, lease, expiresUs, otherwise) => {
      const own = otherwise === 'delete' ? await records.lease(bearer, 'issue') : lease;
      await records.fill(bearer, own, expiresUs, otherwise);
    },
    release: (client, lease) => records.release(client, lease),
    forget: (client) => records.forget(client),
  }),
};

/** An issue or logout takes the lease of another one that is under way. */
const nowait: Variant = {
  scripts: { lease: changed('lease', "if kind == 'c' or string.sub(held, 18, 18) ~= 'c'", "if kind == 'c'") },
};

/** An issue that lost its lease leaves the record alone instead of deleting it. */
const keep: Variant = { scripts: { fill: changed('fill', "if ARGV[5] == 'delete'", 'if false') } };

/** The user document is not looked at between taking the lease and filling the record. */
const nouser: Variant = {
  documents: (documents) => ({
    find: (userId, client) => documents.find(userId, client),
    findByHash: (tokenHash) => documents.findByHash(tokenHash),
    replace: (token) => documents.replace(token),
    remove: (bearer) => documents.remove(bearer),
    userExists: async () => true,
    surplus: (userId, limit, now) => documents.surplus(userId, limit, now),
  }),
};

/** Unregister does not mark the account and delete its records before the user document goes. */
const noclose: Variant = { markScripts: { close: script('return 1') } };

/** Unregister does not mark it and delete them once more after the user document is gone. */
const redisfirst: Variant = { markScripts: { unregister: script('return 0') } };

/** Logout deletes the record only, not the document. */
const forget: Variant = {
  documents: (documents) => ({
    find: (userId, client) => documents.find(userId, client),
    findByHash: (tokenHash) => documents.findByHash(tokenHash),
    replace: (token) => documents.replace(token),
    remove: async () => true,
    userExists: (userId) => documents.userExists(userId),
    surplus: (userId, limit, now) => documents.surplus(userId, limit, now),
  }),
};

/** A record is trusted although Redis was restarted since it was written. */
const nolife: Variant = {
  life: (life) => ({
    run: 'any',
    get client() {
      return life.client;
    },
    observeTime: (timeUs) => life.observeTime(timeUs),
  }),
};

/** Expiry is left to the sweeper of the database. */
const ttl: Variant = {
  scripts: { lease: changed('lease', 'local now = time[1] * 1000000 + time[2]', 'local now = 0') },
};

/** A token document replaces any other, though it was sent before that one's lease was taken and came late. */
const anyorder: Variant = {
  documents: (documents) => ({
    find: (userId, client) => documents.find(userId, client),
    findByHash: (tokenHash) => documents.findByHash(tokenHash),
    replace: (token) => documents.replace({ ...token, issued_at: new Date() }),
    remove: (bearer) => documents.remove(bearer),
    userExists: (userId) => documents.userExists(userId),
    surplus: (userId, limit, now) => documents.surplus(userId, limit, now),
  }),
};

export const variants = { anyorder, nolease, late, nowait, keep, nouser, noclose, redisfirst, forget, nolife, ttl };
