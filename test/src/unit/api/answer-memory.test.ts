import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AnswerMemory } from '@keybin/api/answers/answer-memory.js';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { RawConnection } from '../../world/clients/raw-connection.js';

const bytes = 100_000;

describe('the memory of answers', () => {
  const open: ServerResponse[] = [];
  const server = createServer((_request, opened) => open.push(opened));
  const connections: RawConnection[] = [];

  before(async () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
    open.splice(0);
  });
  after(() => server.close());

  /** Returns the response to a new request, which nobody answers. */
  async function response(): Promise<ServerResponse> {
    const before = open.length;
    const connection = await RawConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    connections.push(connection);
    connection.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => open.length > before, 'the request');
    return open[before] as ServerResponse; // it has just come
  }

  it('gives an account a quarter, until an answer was sent or its client has gone', async () => {
    const memory = new AnswerMemory(4 * bytes);
    const [one, other] = [await response(), await response()];
    expect(memory.hold(one, 'a', bytes)).to.equal(undefined);
    expect(memory.hold(other, 'a', bytes)?.code).to.equal('unavailable');
    expect(memory.hold(other, 'a', 1_000)?.code, 'a small one').to.equal(undefined);
    connections[0]?.destroy();
    await eventually(() => one.destroyed, 'the end of the first');
    expect(memory.hold(other, 'a', bytes)).to.equal(undefined);
    other.end();
    await eventually(() => other.destroyed, 'the end of the second');
    expect(memory.hold(await response(), 'a', bytes)).to.equal(undefined);
  });

  it('takes the oldest answer from the account that holds the most if no room is left', async () => {
    const memory = new AnswerMemory(4 * bytes);
    const large = await response();
    expect(memory.hold(large, 'a', 3 * bytes), 'an account that holds nothing else').to.equal(undefined);
    const next = await response();
    expect(memory.hold(next, 'b', bytes)).to.equal(undefined);
    expect(large.destroyed).to.equal(false);
    expect(memory.hold(await response(), 'c', bytes)).to.equal(undefined);
    expect([large.destroyed, next.destroyed]).to.deep.equal([true, false]);
  });
});
