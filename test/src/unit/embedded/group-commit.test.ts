import { setImmediate as nextTurn } from 'node:timers/promises';
import { storageFull } from '@keybin/shared/errors.js';
import type { StepContext } from '@keybin/shared/engines/embedded/transactions/step.js';
import type { Transactions } from '@keybin/shared/engines/embedded/transactions/transactions.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { times } from '../../world/times.js';
import { count, ownParts, putIn } from './parts.js';
import { closeStores, codeOf } from './store.js';

const nothing = () => {};

/** Makes transactions wait for `open`, as if another process held the lock. */
function lockedBy(transactions: Transactions) {
  let open = nothing;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let transactionCount = 0;
  const run: Transactions['run'] = async (steps) => {
    await opened;
    transactionCount++;
    return transactions.run(steps);
  };
  return { transactions: { ...transactions, run }, open, transactionCount: () => transactionCount };
}

const stoppedClockMs = () => Date.UTC(2026, 0, 1);

const hasFailed = (): never => {
  throw new Error('the transaction has failed');
};

const nextVersion = ({ version }: StepContext) => version();

const inTime = { timeoutMs: times.answerMs };

describe('embedded engine, group commit', () => {
  afterEach(closeStores);

  it('commits the writes of a turn in one transaction, and those that come meanwhile in the next', async () => {
    const locked = lockedBy(ownParts().transactions);
    const writes = new EmbeddedGroupCommit(locked.transactions, inTime);
    const order: number[] = [];
    const write = (index: number) => writes.apply(() => void order.push(index));
    const all = [write(0), write(1)];
    for (let index = 2; index < 10; index++) {
      await nextTurn();
      all.push(write(index));
    }
    await nextTurn();
    locked.open();
    await Promise.all(all);
    expect(order).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(locked.transactionCount()).to.equal(2);
  });

  it('gathers at most half of the writes in flight for one transaction, and all of a few', async () => {
    const { transactions } = ownParts();
    const sizes: number[] = [];
    let size = 0;
    const run: Transactions['run'] = async (steps) => {
      const answers = await transactions.run(steps);
      sizes.push(size);
      size = 0;
      return answers;
    };
    const writes = new EmbeddedGroupCommit({ ...transactions, run }, inTime);
    const client = async () => {
      for (let write = 0; write < 30; write++) await writes.apply(() => void size++);
    };
    await Promise.all(Array.from({ length: 64 }, client));
    const largest = Math.max(...sizes.slice(sizes.length / 2));
    expect(largest, 'of 64').to.be.within(24, 40);
    sizes.length = 0;
    await Promise.all(Array.from({ length: 8 }, client));
    expect(sizes.slice(2), 'of 8').to.deep.equal(Array.from({ length: 28 }, () => 8));
  });

  it('acknowledges writes that are on disk although the next transaction cannot begin', async () => {
    const { transactions } = ownParts();
    let transactionCount = 0;
    let open = nothing;
    const locked = new Promise<void>((resolve) => (open = resolve));
    const run: Transactions['run'] = async (steps) => {
      if (++transactionCount > 1) await locked;
      return transactions.run(steps);
    };
    const writes = new EmbeddedGroupCommit({ ...transactions, run }, inTime);
    const first = writes.apply(() => 1);
    await nextTurn();
    const second = writes.apply(() => 2);
    expect(await first).to.equal(1);
    open();
    expect(await second).to.equal(2);
  });

  it('answers each write separately', async () => {
    const { writes } = ownParts();
    const answers = [writes.apply(() => 1), writes.apply(() => storageFull()), writes.apply(nextVersion)];
    const [one, full, version] = await Promise.allSettled(answers);
    expect(one).to.deep.equal({ status: 'fulfilled', value: 1 });
    expect(full).to.nested.include({ status: 'rejected', 'reason.code': 'storage_full' });
    expect(version).to.nested.include({ status: 'fulfilled' });
  });

  it('never applies a write that it refused because of a timeout', async () => {
    const { transactions, databases } = ownParts();
    const locked = lockedBy(transactions);
    const writes = new EmbeddedGroupCommit(locked.transactions, { timeoutMs: 20 });
    const put = (key: string) => writes.apply(() => void databases.meta.put(key, '1'));
    expect(await codeOf(Promise.all([put('first'), put('second')]))).to.equal('unavailable');
    expect(await codeOf(put('waiting'))).to.equal('unavailable');
    locked.open();
    await writes.idle();
    expect(count(databases.meta), 'the format alone').to.equal(1);
  });

  it('writes all of a transaction or nothing when a step fails half-way', async () => {
    const { writes, databases } = ownParts();
    const put = writes.apply(() => void databases.entries.put('a', '1'));
    const failing = writes.apply(() => {
      void databases.entries.put('b', '1');
      throw new Error('a fault');
    });
    expect([await codeOf(put), await codeOf(failing)]).to.deep.equal(['unavailable', 'unavailable']);
    expect(count(databases.entries)).to.equal(0);
    await writes.apply(() => void databases.entries.put('c', '1'));
    expect(count(databases.entries)).to.equal(1);
  });

  it('returns the error of a failed step, and writes no version in a failed transaction', async () => {
    const { transactions } = ownParts();
    const writes = new EmbeddedGroupCommit({ ...transactions, setClock: hasFailed }, inTime);
    const failing = writes.apply(({ version }) => {
      version();
      throw storageFull();
    });
    expect(await codeOf(failing)).to.equal('storage_full');
  });

  it('runs at most two transactions of puts at once, and a transaction with steps alone', async () => {
    const { transactions, databases } = ownParts(undefined, { alone: true });
    const inFlight = { put: 0, run: 0 };
    const seen = new Set<string>();
    const noting =
      (kind: keyof typeof inFlight, begin: Transactions['run']): Transactions['run'] =>
      async (steps) => {
        inFlight[kind] += 1;
        seen.add(JSON.stringify(inFlight));
        const answers = await begin(steps);
        await transactions.flushed();
        inFlight[kind] -= 1;
        return answers;
      };
    const put = noting('put', (steps) => putIn(transactions, steps));
    const run = noting('run', (steps) => transactions.run(steps));
    const writes = new EmbeddedGroupCommit({ ...transactions, put, run }, inTime);
    const client = async (_: unknown, index: number) => {
      for (let write = 0; write < 50; write++) {
        const putOne = () => void databases.entries.put(`${index}`, `${write}`);
        await (write % 25 === 0 ? writes.apply(putOne) : writes.put(putOne));
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    expect([...seen]).to.have.members(
      [
        { put: 1, run: 0 },
        { put: 2, run: 0 },
        { put: 0, run: 1 },
      ].map((one) => JSON.stringify(one)),
    );
  });

  it('puts in the order of the calls, with increasing versions, in any transactions', async () => {
    const { transactions, databases } = ownParts(undefined, { alone: true });
    const writes = new EmbeddedGroupCommit(transactions, inTime);
    const versions: string[] = [];
    const stored: string[] = [];
    let last = 0;
    const client = async () => {
      for (let write = 0; write < 100; write++) {
        const mine = (last += 1);
        await writes.put(({ version }) => {
          versions.push(version());
          void databases.entries.put('the same', String(mine));
        });
        databases.entries.resetReadTxn();
        stored.push(databases.entries.get('the same') ?? '');
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    expect(versions).to.deep.equal([...versions].sort());
    expect(new Set(versions).size).to.equal(versions.length);
    expect(Number(databases.meta.get('clock'))).to.equal(Number(versions.at(-1)));
    expect(stored.map(Number)).to.deep.equal(stored.map(Number).sort((a, b) => a - b));
    expect(stored.at(-1)).to.equal(String(last));
  });

  it('halts when both of two transactions of puts have ended, and begins none afterwards', async () => {
    const { transactions, databases } = ownParts(undefined, { alone: true });
    let transactionCount = 0;
    let open = nothing;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const put: Transactions['put'] = async (steps) => {
      const isHeld = ++transactionCount > 1;
      const answer = await putIn(transactions, steps);
      if (isHeld) await opened;
      return answer;
    };
    const writes = new EmbeddedGroupCommit({ ...transactions, put }, { timeoutMs: 1_000 });
    const some = (key: string) =>
      Promise.all(Array.from({ length: 16 }, () => writes.put(() => void databases.entries.put(key, '1'))));
    await some('earlier');
    const all = [some('one'), some('two'), some('waiting')].map(codeOf);
    await eventually(() => transactionCount === 3, 'two under way');
    let hasHalted = false;
    const halted = writes.halt().then(() => (hasHalted = true));
    await nextTurn();
    expect(hasHalted).to.equal(false);
    open();
    await halted;
    expect(writes.areInFlight).to.equal(false);
    expect(await Promise.all(all)).to.deep.equal([undefined, undefined, 'unavailable']);
    databases.entries.resetReadTxn();
    expect([...databases.entries.getKeys()]).to.deep.equal(['earlier', 'one', 'two']);
  });

  it('stores nothing of a put that fails before it puts, and all of the others', async () => {
    const { writes, databases } = ownParts(undefined, { alone: true });
    const put = (key: string) => writes.put(() => void databases.entries.put(key, '1'));
    const refused = writes.put(() => storageFull());
    expect(await Promise.all([put('a'), codeOf(refused), put('b')])).to.deep.equal([
      undefined,
      'storage_full',
      undefined,
    ]);
    expect(count(databases.entries)).to.equal(2);
    const fault = writes.put(() => {
      throw new Error('a fault');
    });
    expect(await codeOf(fault)).to.equal('unavailable');
    await put('c');
    expect(count(databases.entries)).to.equal(3);
  });

  it('assigns no version twice if another put of the same transaction fails', async () => {
    const { transactions, databases } = ownParts(undefined, { alone: true });
    const before = new EmbeddedGroupCommit(transactions, { ...inTime, clockMs: stoppedClockMs });
    const put = before.put(({ version }) => void databases.entries.put('key', version()));
    const fault = before.put(() => {
      throw new Error('a fault');
    });
    expect([await codeOf(put), await codeOf(fault)]).to.deep.equal(['unavailable', 'unavailable']);
    const next = await new EmbeddedGroupCommit(transactions, { ...inTime, clockMs: stoppedClockMs }).put(nextVersion);
    databases.entries.resetReadTxn();
    expect(Number(next)).to.be.above(Number(databases.entries.get('key')));
  });

  it('assigns increasing versions when the clock goes back, also after a restart', async () => {
    const { transactions } = ownParts();
    const hours = [12, 11, 13, 1];
    const versions: string[] = [];
    for (const hour of hours) {
      const writes = new EmbeddedGroupCommit(transactions, { ...inTime, clockMs: () => Date.UTC(2026, 0, 1, hour) });
      versions.push(...(await Promise.all([writes.apply(nextVersion), writes.apply(nextVersion)])));
    }
    expect(versions).to.deep.equal([...versions].sort());
    expect(new Set(versions).size).to.equal(versions.length);
    expect(versions.every((text) => /^\d{16}$/.test(text))).to.equal(true);
  });
});
