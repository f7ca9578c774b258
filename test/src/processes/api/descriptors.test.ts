import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { Client } from 'undici';
import { eventually } from '../../world/eventually.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { programs } from '../../world/services/services.js';

const spare = 20;

describe('an API that has no file descriptors left', function () {
  this.timeout(60_000);
  programs('prlimit');

  it('says so, counts it, serves the connections that it has, and accepts others when there are some again', async () => {
    const api = await spawnApi();
    const connection = new Client(api.url);
    const get = async (path: string) => {
      const { statusCode, body } = await connection.request({ method: 'GET', path });
      return { statusCode, text: await body.text() };
    };
    const sockets: Socket[] = [];
    try {
      await get('/livez');
      const limit = readdirSync(`/proc/${api.child.pid}/fd`).length + spare;
      execFileSync('prlimit', ['--pid', String(api.child.pid), `--nofile=${limit}:${limit}`]);
      for (let n = 0; n < 2 * spare; n++) sockets.push(connect(api.port, '127.0.0.1').on('error', () => {}));
      await eventually(() => api.output.includes('Nearly no file descriptors are left'), 'a line in the log', 10_000);
      expect((await get('/livez')).statusCode).to.equal(200);
      expect((await get('/metrics')).text).to.match(/^keybin_descriptor_shortages_total 1$/m);
      for (const socket of sockets) socket.destroy();
      await eventually(() => api.output.includes('There are enough file descriptors again'), 'the end', 10_000);
      expect((await fetch(`${api.url}/livez`)).status).to.equal(200);
      expect(api.logs.filter(({ msg }) => /descriptors/.test(String(msg)))).to.have.lengthOf(2);
    } finally {
      await connection.destroy();
      for (const socket of sockets) socket.destroy();
      await api.stop();
    }
  });
});
