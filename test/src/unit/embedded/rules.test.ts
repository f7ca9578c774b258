import { execFileSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { embeddedAccounts } from '@keybin/shared/engines/embedded/accounts/accounts.js';
import { findBearerIn, type FindBearer } from '@keybin/shared/engines/embedded/tokens/bearers.js';
import { embeddedEntries } from '@keybin/shared/engines/embedded/entries/entries.js';
import type { Databases } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { Reads } from '@keybin/shared/engines/embedded/transactions/reads.js';
import { restOfRecord, hashToken } from '@keybin/shared/engines/embedded/lmdb/records.js';
import { embeddedTokens } from '@keybin/shared/engines/embedded/tokens/tokens.js';
import type { Transactions } from '@keybin/shared/engines/embedded/transactions/transactions.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';
import { count, ownParts, putIn, type Parts } from './parts.js';
import { closeStores, codeOf } from './store.js';

const token = 'token';
const nothing = () => {};

/** Creates an account that `token` belongs to. */
async function account({ databases, reads, writes }: Parts) {
  const accounts = embeddedAccounts(databases, reads, writes, () => {});
  const tokens = embeddedTokens(databases, reads, writes, 5);
  const created = await accounts.create('name', 'hash');
  await tokens.issue({ userId: created.userId, clientId: 'client', token, lifetimeSeconds: 600 });
  return { accounts, created };
}

/** Starts an erasure and then a write, in the same transaction. Returns the outcome of the write. */
async function writeAfterErasure(findBearer: (databases: Databases) => FindBearer, alone: boolean) {
  const parts = ownParts(undefined, { alone });
  const { databases, reads, writes } = parts;
  const { accounts, created } = await account(parts);
  const entries = embeddedEntries(databases, reads, writes, findBearer(databases));
  const erasure = accounts.erase(created);
  const code = await codeOf(entries.put(token, 'key', '1'));
  await erasure;
  return { code, entries: count(databases.entries) };
}

/** Starts a transaction with steps just before each put, so that it takes the lock first. */
function beside(transactions: Transactions): Transactions {
  let inFlight = nothing;
  return {
    ...transactions,
    run: async (steps) => {
      let answer: ReturnType<typeof steps> | undefined;
      inFlight = () => void transactions.run(() => (answer = steps()));
      return answer as ReturnType<typeof steps>; // of an erasure, whose result nobody reads
    },
    flushed: async () => {},
    put: (steps) => {
      inFlight();
      return putIn(transactions, steps);
    },
  };
}

/** Puts while the transaction of an erasure runs, in a directory that no other process may open. */
async function putBesideErasure(change: (transactions: Transactions) => Transactions) {
  const parts = ownParts(undefined, { alone: true });
  const { databases, reads, transactions } = parts;
  const { created } = await account(parts);
  const writes = new EmbeddedGroupCommit(change(transactions), { timeoutMs: times.answerMs });
  const accounts = embeddedAccounts(databases, reads, writes, () => {});
  const erasure = accounts.erase(created).catch(() => {});
  await nextTurn();
  const code = await codeOf(embeddedEntries(databases, reads, writes).put(token, 'key', '1'));
  await erasure;
  await writes.idle();
  return { code, entries: count(databases.entries) };
}

function lookBefore(databases: Databases): FindBearer {
  const found = findBearerIn(databases)(hashToken(token), Date.now());
  return () => found;
}

/**
 * Returns the reads before and after another process's write. No timer runs in between, which would end LMDB's
 * snapshot.
 */
async function readAfterWrite(renewal: (databases: Databases) => () => void) {
  const directory = temporaryDirectory();
  const parts = ownParts(directory);
  const { databases, reads, writes } = parts;
  await account(parts);
  await embeddedEntries(databases, reads, writes).put(token, 'key', '"old"');
  const tested = new Reads(renewal(databases));
  const read = () =>
    tested.now([() => Array.from(databases.entries.getRange(), ({ value }) => restOfRecord(value))])[0];
  databases.environment.resetReadTxn();
  const before = read();
  const program = fileURLToPath(new URL('./write-once.js', import.meta.url));
  execFileSync(process.execPath, [program, directory, token, 'key', '"new"']);
  return [before, read()];
}

/** Returns true if a write is acknowledged after its commit, while the disk is still syncing. */
async function answeredBeforeDisk(wait: (disk: Promise<void>) => Transactions['flushed']) {
  const parts = ownParts();
  const { databases, reads, transactions } = parts;
  await account(parts);
  let finishSync = nothing;
  const disk = new Promise<void>((resolve) => (finishSync = resolve));
  let committed = false;
  const run: Transactions['run'] = (steps) => transactions.run(steps).finally(() => (committed = true));
  const entries = embeddedEntries(
    databases,
    reads,
    new EmbeddedGroupCommit({ ...transactions, run, flushed: wait(disk) }, { timeoutMs: times.answerMs }),
  );
  let answered = false;
  const write = entries.put(token, 'key', '1').then(() => (answered = true));
  await eventually(() => committed, 'the commit');
  await nextTurn();
  const before = answered;
  finishSync();
  await write;
  return before;
}

describe('embedded engine, the rules of its protocol', () => {
  afterEach(closeStores);

  describe('the token is checked inside the transaction', () => {
    for (const alone of [false, true]) {
      const where = alone ? 'in a directory of its own' : 'in a shared directory';

      it(`so a write that an erasure overtakes is refused, ${where}`, async () => {
        expect(await writeAfterErasure(findBearerIn, alone)).to.deep.equal({ code: 'invalid_token', entries: 0 });
      });

      it(`and a check before it would store an entry of a deleted account, ${where}`, async () => {
        expect(await writeAfterErasure(lookBefore, alone)).to.deep.equal({ code: undefined, entries: 1 });
      });
    }
  });

  describe('puts are applied while only puts are in flight', () => {
    it('so one that an erasure in flight overtakes is refused', async () => {
      expect(await putBesideErasure((transactions) => transactions)).to.deep.equal({
        code: 'invalid_token',
        entries: 0,
      });
    });

    it('and applying it concurrently would store an entry of a deleted account', async () => {
      expect(await putBesideErasure(beside)).to.deep.equal({ code: undefined, entries: 1 });
    });
  });

  describe('the snapshot is renewed before the first read of a turn', () => {
    it('so a write that another process acknowledged is read', async () => {
      const answers = await readAfterWrite(
        ({ environment }) =>
          () =>
            environment.resetReadTxn(),
      );
      expect(answers).to.deep.equal([['"old"'], ['"new"']]);
    });

    it('and leaving that to lmdb would return the older value', async () => {
      const answers = await readAfterWrite(() => nothing);
      expect(answers).to.deep.equal([['"old"'], ['"old"']]);
    });
  });

  describe('an answer waits for the disk', () => {
    it('so nothing is acknowledged that a power cut could lose', async () => {
      expect(await answeredBeforeDisk((disk) => () => disk)).to.equal(false);
    });

    it('and not waiting would acknowledge writes that are only visible', async () => {
      expect(await answeredBeforeDisk(() => () => Promise.resolve())).to.equal(true);
    });
  });
});
