import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { entryPath, KeybinClient, type Account } from '../../world/clients/keybin-client.js';
import type { ApiProcess } from '../../world/processes/keybin-process.js';
import { mostResidentBytes, tellsMemory } from '../../world/memory.js';
import { skipSuite } from '../../world/skip-suite.js';

const mib = 2 ** 20;
/** Most memory of one API process, whatever its clients do, with the default of `bodies_bytes`. */
export const mostBytes = 768 * mib;
/** Most additional memory in the other tests, over that before the test. */
const mostForReaderBytes = 64 * mib;
const mostForIdleBytes = 96 * mib;

const idleConnections = 2_000;
const postsAtOnce = 200;
const rounds = 3;
const readers = 500;
const listedKeys = 20_000;
/** Number of requests whose answers exceed a connection's buffers on both sides. */
const pipelined = 2_000;
const mostValue = Buffer.from(JSON.stringify({ value: 'x'.repeat(mib - 100) }));

/** Tests the memory of an API whose clients ask for too much of it. */
export function memorySuite(api: () => ApiProcess): void {
  let client: KeybinClient;
  let account: Account;

  before(async function () {
    if (!tellsMemory) skipSuite(this, 'this system does not tell the memory of a process');
    client = new KeybinClient(api().url);
    account = await client.newAccount();
    expectDone(await postMost('large'));
    for (let round = 0; round < 200; round++) expectDone(await client.put(account.token, `warm_${round % 10}`, round));
  });

  const postMost = (key: string) =>
    client.send('POST', entryPath(account.token, key), {
      body: mostValue,
      headers: { 'content-type': 'application/json' },
    });

  /**
   * Reads and writes as another client until `work` has ended. All its reads and most of its writes must succeed: a
   * busy machine may refuse some writes. The median must meet the time limit of a request.
   */
  async function whileOthersAreServed(work: () => Promise<unknown>): Promise<void> {
    const other = await client.newAccount();
    const ended = new AbortController();
    const tookMs: number[] = [];
    let [stored, refused] = [0, 0];
    const serve = async () => {
      while (!ended.signal.aborted) {
        const fromMs = performance.now();
        const { status, headers } = await client.put(other.token, 'key', stored + 1);
        if (status === 200) stored++;
        else expect(`${status} ${headers['retry-after']}`).to.equal('503 2');
        if (status !== 200) refused++;
        else expectValue(await client.get(other.token, 'key'), stored);
        tookMs.push(performance.now() - fromMs);
        await delay(10);
      }
    };
    const serving = serve();
    try {
      await Promise.race([work(), serving]); // `serving` settles first only by failing
    } finally {
      ended.abort();
    }
    await serving;
    expect(refused, `writes refused, ${stored} stored`).to.be.at.most(stored / 2);
    expect(tookMs.toSorted((one, another) => one - another)[tookMs.length >> 1]).to.be.below(longestAnswerMs);
  }

  it('is bounded while a client sends requests and does not read the large responses', async () => {
    const { pid } = api().child;
    const before = await mostResidentBytes(pid, async () => {});
    const socket = await open(api());
    socket.pause();
    const get = `GET ${entryPath(account.token, 'large')} HTTP/1.1\r\nHost: test\r\n\r\n`;
    const most = await mostResidentBytes(pid, () =>
      whileOthersAreServed(async () => {
        socket.write(get.repeat(pipelined));
        await delay(1_000); // long enough to read and answer all requests, if the API did so
      }),
    );
    socket.destroy();
    expect(most - before, 'bytes more').to.be.below(mostForReaderBytes);
  });

  it(`is bounded while ${readers} connections ask for large values and take nothing`, async () => {
    const { pid } = api().child;
    const sockets: Socket[] = [];
    const get = `GET ${entryPath(account.token, 'large')} HTTP/1.1\r\nHost: test\r\n\r\n`;
    const most = await mostResidentBytes(pid, () =>
      whileOthersAreServed(async () => {
        for (let count = 0; count < readers; count++) {
          const socket = await open(api());
          sockets.push(socket.pause());
          socket.write(get.repeat(8));
        }
        await delay(1_000); // long enough to read and answer all requests, if the API did so
      }),
    );
    for (const socket of sockets) socket.destroy();
    expect(most).to.be.below(mostBytes);
  });

  it(`is bounded while a client asks for lists of ${listedKeys} long keys and takes nothing`, async () => {
    const { pid } = api().child;
    const { token } = await client.newAccount();
    const keys = Array.from({ length: listedKeys }, (_, index) => `key_${index}_`.padEnd(490, '.'));
    for (let at = 0; at < keys.length; at += 200) {
      await Promise.all(keys.slice(at, at + 200).map(async (key) => expectDone(await client.put(token, key, 1))));
    }
    const before = await mostResidentBytes(pid, async () => {});
    const socket = await open(api());
    socket.pause();
    const most = await mostResidentBytes(pid, () =>
      whileOthersAreServed(async () => {
        socket.write(`GET /user/${token}/keys HTTP/1.1\r\nHost: test\r\n\r\n`.repeat(8));
        await delay(1_000); // long enough to list all keys, if the API did so
      }),
    );
    socket.destroy();
    expect(most - before, 'bytes more').to.be.below(mostForReaderBytes);
    const list = await eventually(async () => {
      const answer = await client.keys(token);
      return answer.status === 200 && answer;
    }, 'a list once most writes are applied');
    expectKeys(list, keys);
  });

  it(`is bounded with ${idleConnections} idle connections`, async () => {
    const { pid } = api().child;
    const sockets: Socket[] = [];
    const before = await mostResidentBytes(pid, async () => {});
    const most = await mostResidentBytes(pid, () =>
      whileOthersAreServed(async () => {
        for (let count = 0; count < idleConnections; count++) {
          const socket = await open(api());
          sockets.push(socket);
          if (count % 2 === 0) continue; // half of them never send anything
          socket.write('GET /livez HTTP/1.1\r\nHost: test\r\n\r\n');
          await once(socket, 'data');
        }
      }),
    );
    for (const socket of sockets) socket.destroy();
    expect(most - before, 'bytes more').to.be.below(mostForIdleBytes);
  });

  it(`is bounded with ${postsAtOnce} parallel posts of a mebibyte, which are stored or get 503`, async () => {
    const { pid } = api().child;
    const stored = new Set<string>();
    const most = await mostResidentBytes(pid, () =>
      whileOthersAreServed(async () => {
        for (let round = 0; round < rounds; round++) {
          const keys = Array.from({ length: postsAtOnce }, (_, index) => `post_${index % 100}`);
          const answers = await Promise.all(keys.map(postMost));
          for (const [index, { status, headers, text }] of answers.entries()) {
            if (status === 200) stored.add(keys[index] ?? '');
            else expect(`${status} ${headers['retry-after']}`, text).to.equal('503 2');
          }
        }
      }),
    );
    expect(most).to.be.below(mostBytes);
    expect(stored.size).to.be.above(postsAtOnce / 10);
    const answer = await eventually(async () => {
      const again = await postMost('afterwards');
      return again.status === 200 && again;
    }, 'a post when there is room again');
    expectDone(answer);
    for (const key of [...stored].slice(0, 5)) {
      const { text } = await client.get(account.token, key);
      expect(text.length).to.equal(mostValue.length);
    }
  });
}

async function open({ port }: ApiProcess): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // the server cuts it off in the end
  await once(socket, 'connect');
  return socket;
}
