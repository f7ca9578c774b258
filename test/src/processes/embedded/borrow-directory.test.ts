import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { borrowDirectory } from '@keybin/shared/engines/embedded/lending/borrow-directory.js';
import { lenderSocketIn } from '@keybin/shared/engines/embedded/lending/directory-lender.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('borrowing a directory', () => {
  const soon = { openLockMs: 50 };

  /** Borrows a directory whose process answers with `serve`. */
  async function borrowFrom(serve: (socket: Socket) => void): Promise<unknown> {
    const directory = temporaryDirectory();
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      serve(socket);
    });
    await once(server.listen(lenderSocketIn(directory) ?? ''), 'listening');
    try {
      return await borrowDirectory(directory, soon).catch(({ message }: Error) => message);
    } finally {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
  }

  it('is not possible if no process lends it', async () => {
    expect(await borrowDirectory(temporaryDirectory(), soon)).to.equal(undefined);
  });

  it('fails with the reason if the process does not share it', async () => {
    expect(await borrowFrom((socket) => socket.end('the disk is full\n'))).to.match(
      /^The process that has .* open does not share it: the disk is full$/,
    );
    expect(await borrowFrom((socket) => socket.end())).to.match(/ does not share it: it is stopping$/);
    expect(await borrowFrom((socket) => socket.destroy())).to.match(/ does not share it: /);
  });

  it('fails if the process does not answer in time, as a stopped one', async () => {
    expect(await borrowFrom(() => {})).to.match(/ does not share it: no answer in 50 ms$/);
  });
});
