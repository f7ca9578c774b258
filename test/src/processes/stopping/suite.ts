import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { startApi } from '../../world/processes/keybin-service.js';
import { childrenOf, runs } from '../../world/processes/runs.js';
import { halfRequest } from './half-request.js';
import { Load } from './load.js';
import { RoundRobin } from './round-robin.js';

type Settings = Readonly<Record<string, string>>;

/**
 * Tests an API that is shut down while clients use it. `own` returns the settings of an API over the same data as the
 * previous ones. `isReplaceable` is true if two APIs are tested side by side, of which one is replaced after the other.
 */
export function stoppingSuite(own: () => Settings, { isReplaceable }: { readonly isReplaceable: boolean }): void {
  const started: ApiProcess[] = [];
  const loads: Load[] = [];

  async function startOne(env?: Settings): Promise<ApiProcess> {
    const api = await spawnApi({ env: { ...own(), ...env } });
    started.push(api);
    return api;
  }

  /** Asserts that an API that starts afterwards shows all that was acknowledged. */
  async function expectKept(clients: Load): Promise<void> {
    const api = await startApi({ env: own() });
    expect(await clients.lostIn(new KeybinClient(api.url))).to.deep.equal([]);
    await api.stop();
  }

  async function load(url: () => string): Promise<Load> {
    const { token } = await new KeybinClient(url()).newAccount();
    const clients = new Load(url, token);
    loads.push(clients);
    await clients.progress();
    return clients;
  }

  afterEach(async () => {
    await Promise.all(loads.splice(0).map((clients) => clients.end()));
    await Promise.all(started.splice(0).map(({ child }) => child.stop()));
  });

  it('fails no request that it accepted, closes its connections gracefully, and exits 0', async () => {
    const api = await startOne();
    const clients = await load(() => api.url);
    await api.kill('SIGTERM');
    const { code } = await api.child.exited;
    await clients.end();
    expect(clients.failures).to.deep.equal([]);
    expect(clients.lastOnes, 'answers with Connection: close').to.be.above(0);
    expect(code).to.equal(0);
    await expectKept(clients);
  });

  it('exits at once on a second signal, not with 0, and has lost no acknowledged write', async () => {
    const api = await startOne({ KEYBIN_LIMITS_DRAIN_DELAY: '3600' }); // it keeps serving meanwhile
    const clients = await load(() => api.url);
    await api.kill('SIGTERM');
    await eventually(() => api.child.output.includes('draining'), 'the drain');
    await clients.progress(); // takes longer than an echo of the signal may
    const children = childrenOf(api.child.pid);
    await eventually(async () => {
      await api.kill('SIGTERM'); // a second signal right after the first is its echo
      return !api.child.alive;
    }, 'the end');
    expect((await api.child.exited).code).to.be.above(0);
    await eventually(() => children.every((pid) => !runs(pid)), 'the end of its children');
    await clients.end();
    await expectKept(clients);
  });

  it('exits when the drain timeout is over, not with 0, and has lost no acknowledged write', async () => {
    const api = await startOne({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' });
    const clients = await load(() => api.url);
    const half = await halfRequest(api);
    await api.kill('SIGTERM');
    const { code } = await api.child.exited;
    await clients.end();
    await half.closed();
    expect(clients.failures).to.deep.equal([]);
    expect(code).to.be.above(0);
    await expectKept(clients);
  });

  if (!isReplaceable) return;
  it('is replaced, like the other one, without a failed request behind a plain load balancer', async () => {
    const env = { KEYBIN_LIMITS_DRAIN_DELAY: '1' };
    const apis = await Promise.all([startOne(env), startOne(env)]);
    const balancer = new RoundRobin(() => apis.map(({ url }) => url));
    try {
      await balancer.allReady();
      const clients = await load(() => balancer.next());
      for (const index of [0, 1] as const) {
        const { child, url } = apis[index];
        await child.kill('SIGTERM');
        await eventually(() => !balancer.isReady(url), '503 from /readyz');
        expect(child.alive, 'it serves on while it says that it is not ready').to.equal(true);
        await clients.progress();
        expect((await child.exited).code).to.equal(0);
        apis[index] = await startOne(env);
        await balancer.allReady();
        await clients.progress();
      }
      await clients.end();
      expect({ failures: clients.failures, refused: clients.refused }).to.deep.equal({ failures: [], refused: 0 });
      for (const { url } of apis) expect(await clients.lostIn(new KeybinClient(url))).to.deep.equal([]);
    } finally {
      await balancer.end();
    }
  });
}
