import { expect } from 'chai';
import { halfRequest } from '../../processes/stopping/half-request.js';
import { scaledMs } from '../../world/calibration.js';
import { eventually } from '../../world/eventually.js';
import { spawnApi, spawnWorker, type ApiProcess } from '../../world/processes/keybin-process.js';
import { childrenOf, runs } from '../../world/processes/runs.js';
import { services } from '../../world/services/services.js';

/** Limit, in ms, of a graceful shutdown. `drain_timeout` is 8 s. */
const endedWithinMs = 8_000 + scaledMs(2_000);
/** Limit, in ms, of an immediate shutdown. */
const atOnceMs = scaledMs(2_000);

/** Sends SIGTERM. Resolves with the exit code, and the time in ms until the process had ended. */
async function terminated({ child }: Pick<ApiProcess, 'child'>): Promise<{ code: number | null; tookMs: number }> {
  const sinceMs = performance.now();
  await child.kill('SIGTERM');
  const { code } = await child.exited;
  return { code, tookMs: performance.now() - sinceMs };
}

describe('the time of a shutdown', () => {
  const given = services();

  for (const processes of ['1', '2']) {
    const start = (env: Readonly<Record<string, string>> = {}) =>
      spawnApi({ env: { ...given.env, KEYBIN_APP_PROCESSES: processes, ...env } });

    describe(`of an API, [APP] processes = ${processes}`, () => {
      it('is at most drain_timeout if nothing is in flight', async () => {
        const { code, tookMs } = await terminated(await start());
        expect(code).to.equal(0);
        expect(tookMs).to.be.below(endedWithinMs);
      });

      it('is drain_timeout if a request does not finish', async () => {
        const api = await start({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' });
        const half = await halfRequest(api);
        const { code, tookMs } = await terminated(api);
        await half.closed();
        expect(code).to.be.above(0);
        expect(tookMs).to.be.within(900, 1_000 + atOnceMs);
      });

      it('is short after a second signal', async () => {
        const api = await start({ KEYBIN_LIMITS_DRAIN_DELAY: '3600' });
        const children = childrenOf(api.child.pid);
        await api.kill('SIGTERM');
        await eventually(() => api.child.output.includes('draining'), 'the drain');
        let sinceMs = performance.now();
        await eventually(async () => {
          sinceMs = performance.now();
          await api.kill('SIGTERM'); // a second signal right after the first is its echo
          return !api.child.alive;
        }, 'the end');
        await api.child.exited;
        expect(performance.now() - sinceMs).to.be.below(atOnceMs);
        await eventually(() => children.every((pid) => !runs(pid)), 'the end of its children', atOnceMs);
      });
    });
  }

  it('of an idle worker is at most drain_timeout', async () => {
    const { code, tookMs } = await terminated(await spawnWorker({ env: given.env }));
    expect(code).to.equal(0);
    expect(tookMs).to.be.below(endedWithinMs);
  });
});
