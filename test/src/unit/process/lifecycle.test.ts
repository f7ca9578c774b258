import { expect } from 'chai';
import { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import { createLog } from '@keybin/shared/process/log.js';
import { times } from '../../world/times.js';

const log = createLog({ debug: false });
log.level = 'silent';

describe('the lifecycle of a process', () => {
  it('closes in the reverse order of opening, one after the other, once', async () => {
    const { lifecycle } = observed(1_000);
    const closed: string[] = [];
    for (const name of ['store', 'queue', 'server']) {
      lifecycle.push(name, async () => {
        closed.push(`${name} closes`);
        await Promise.resolve();
        closed.push(`${name} closed`);
      });
    }
    await Promise.all([lifecycle.drain(), lifecycle.drain()]);
    await lifecycle.drain();
    expect(closed).to.deep.equal(['server', 'queue', 'store'].flatMap((name) => [`${name} closes`, `${name} closed`]));
  });

  it('exits 0 when everything closed', async () => {
    const { lifecycle, exited } = observed(1_000);
    lifecycle.end('test');
    expect(await exited).to.equal(0);
  });

  it('closes the rest when one fails, and exits 1', async () => {
    const { lifecycle, exited } = observed(1_000);
    let closed = false;
    lifecycle.push('rest', () => {
      closed = true;
    });
    lifecycle.push('broken', () => {
      throw new Error('test');
    });
    lifecycle.end('test');
    expect(await exited).to.equal(1);
    expect(closed).to.equal(true);
  });

  it('exits 1 when the deadline is over', async () => {
    const { lifecycle, exited } = observed(20);
    lifecycle.push('hanging', async () => new Promise(() => {}));
    lifecycle.end('test');
    expect(await exited).to.equal(1);
  });
});

function observed(drainTimeoutMs: number): { lifecycle: Lifecycle; exited: Promise<number> } {
  let lifecycle: Lifecycle | undefined;
  const exited = new Promise<number>((exit) => {
    lifecycle = new Lifecycle({ log, drainTimeoutMs, exit, times });
  });
  if (!lifecycle) throw new Error('a promise runs its executor at once');
  return { lifecycle, exited };
}
