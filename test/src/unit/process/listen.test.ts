import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { listen } from '@keybin/shared/process/listen.js';

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

describe('a server that listens', () => {
  const servers: Server[] = [];
  const newServer = () => {
    const server = createServer();
    servers.push(server);
    return server;
  };

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('returns the address and the port as a URL', async () => {
    expect(await listen(newServer(), 0, '127.0.0.1', 'APP')).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  if (hasIpv6) {
    it('has brackets around an IPv6 address', async () => {
      expect(await listen(newServer(), 0, '::1', 'APP')).to.match(/^http:\/\/\[::1\]:[1-9]\d*$/);
    });
  }

  it('fails on a taken port with an error that names the setting', async () => {
    const { port, hostname } = new URL(await listen(newServer(), 0, '127.0.0.1', 'APP'));
    const messages = await Promise.all(
      (['APP', 'WORKER'] as const).map(async (section) =>
        listen(newServer(), Number(port), hostname, section).catch((error: Error) => error.message),
      ),
    );
    const before = `127.0.0.1:${port}: address already in use (EADDRINUSE); choose another port with`;
    expect(messages).to.deep.equal([
      `${before} [APP] port or KEYBIN_APP_PORT`,
      `${before} [WORKER] port or KEYBIN_WORKER_PORT`,
    ]);
  });
});
