import { expect } from 'chai';
import Koa from 'koa';
import { healthRoutes } from '@keybin/api/routes/health.js';
import { metricsRoutes } from '@keybin/api/routes/metrics.js';
import { HttpServer } from '@keybin/api/server/server.js';
import type { Health } from '@keybin/shared/ports/health.js';
import { send } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { eventually } from '../../world/eventually.js';
import { times } from '../../world/times.js';

const healthy: Health = { canServe: true, dependencies: [] };

describe('/readyz and /metrics that are asked for often', () => {
  let server: HttpServer;
  let url: string;
  let isDraining = false;
  let asked = 0;
  /** Complete the looks in flight. */
  let looks: (() => void)[] = [];
  let reads = 0;

  beforeEach(async () => {
    [isDraining, asked, looks, reads] = [false, 0, [], 0];
    const app = new Koa();
    app.use(async (_ctx, next) => {
      asked += 1;
      await next();
    });
    const health = () => new Promise<Health>((resolve) => looks.push(() => resolve(healthy)));
    app.use(healthRoutes({ engine: { health }, isDraining: () => isDraining, times }));
    const settings = { enabled: true, token: 'a'.repeat(16) };
    app.use(metricsRoutes({ settings, read: async () => `read ${(reads += 1)}`, times }));
    server = new HttpServer(app.callback(), { requestTimeoutMs: 5_000, times });
    url = await server.listen(0, '127.0.0.1');
  });
  afterEach(() => server.close());

  const ready = () => send(url, 'GET', '/readyz', { headers: { connection: 'close' } });

  it('share a look in flight, which goes on when the client that caused it disconnects', async () => {
    const first = await RawConnection.open(url);
    first.send('GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => looks.length === 1, 'a look');
    const others = [ready(), ready()];
    await eventually(() => asked === 3, 'all requests');
    first.reset();
    looks[0]?.();
    for (const { status } of await Promise.all(others)) expect(status).to.equal(200);
    expect((await ready()).status).to.equal(200);
    expect(looks).to.have.length(1);
  });

  it('say at once that the service shuts down, after a look and during one', async () => {
    const during = ready();
    await eventually(() => looks.length === 1, 'a look');
    isDraining = true;
    expect((await ready()).text).to.equal('{"status":"draining"}');
    looks[0]?.();
    expect((await during).text).to.equal('{"status":"draining"}');
    const after = await ready();
    expect([after.status, after.text]).to.deep.equal([503, '{"status":"draining"}']);
  });

  it('read the metrics once, and not for a client without the token', async () => {
    const headers = { authorization: `Bearer ${'a'.repeat(16)}` };
    expect((await send(url, 'GET', '/metrics')).status).to.equal(401);
    expect(reads).to.equal(0);
    const answers = await Promise.all([1, 2, 3].map(() => send(url, 'GET', '/metrics', { headers })));
    expect(answers.map(({ text }) => text)).to.deep.equal(['read 1', 'read 1', 'read 1']);
    expect((await send(url, 'HEAD', '/metrics', { headers })).status).to.equal(200);
    expect(reads).to.equal(1);
  });
});
