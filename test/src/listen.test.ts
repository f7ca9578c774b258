import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { listen } from '@keybin/shared/listen.js';

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

  it('tells the address and the port that it took, as a URL', async () => {
    expect(await listen(newServer(), 0, '127.0.0.1')).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  (hasIpv6 ? it : it.skip)('has brackets around an IPv6 address', async () => {
    expect(await listen(newServer(), 0, '::1')).to.match(/^http:\/\/\[::1\]:[1-9]\d*$/);
  });

  it('fails where another one listens', async () => {
    const { port, hostname } = new URL(await listen(newServer(), 0, '127.0.0.1'));
    const [second] = await Promise.allSettled([listen(newServer(), Number(port), hostname)]);
    expect(second).to.have.property('status', 'rejected');
    expect(second).to.have.nested.property('reason.code', 'EADDRINUSE');
  });
});
