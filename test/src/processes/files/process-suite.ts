import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setInterval as every } from 'node:timers/promises';
import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import { newV1Account } from '../../contract/v1/calls.js';
import { download, OpenUpload, uploadFile, uploadPath } from '../../contract/v1/upload-calls.js';
import { eventually } from '../../world/eventually.js';
import { expectOk, KeybinClient } from '../../world/clients/keybin-client.js';
import type { ApiProcess } from '../../world/processes/keybin-process.js';

/** API processes over one store that has no files when the suite begins. */
export interface FilesWorld {
  readonly here: KeybinClient;
  readonly there: KeybinClient;
  startAnother(env?: Readonly<Record<string, string>>): Promise<ApiProcess>;
  /** Returns the number of file pieces in the store, and of records of files and uploads. */
  pieces(): Promise<number>;
}

const megabyte = 1_000_000;
/** Time of an upload's lease and two rounds of a sweeper. */
const sweptWithinMs = 60_000;

export function filesOfProcesses(world: FilesWorld): void {
  const nothingLeft = () => eventually(async () => (await world.pieces()) === 0, 'nothing to be left', sweptWithinMs);

  /** Begins an upload, part of which is in the store already. */
  async function beginUpload(url: string, token: string): Promise<OpenUpload> {
    const before = await world.pieces();
    const upload = new OpenUpload(url, token);
    await upload.send(randomBytes(3 * megabyte));
    await eventually(async () => (await world.pieces()) > before + 1, 'the beginning of the upload');
    return upload;
  }

  it('that a client interrupts leave nothing', async () => {
    const { v1Token } = await newV1Account(world.here);
    const upload = await beginUpload(world.here.baseUrl, v1Token);
    upload.break();
    await nothingLeft();
  });

  it('that are interrupted by kill -9 leave nothing, and take nothing from the quota', async function () {
    this.timeout(90_000);
    const { v1Token } = await newV1Account(world.here);
    const limits = { KEYBIN_ACCOUNTS_FILE_BYTES_PER_ACCOUNT: '4MiB' };
    const api = await world.startAnother(limits);
    await beginUpload(api.url, v1Token);
    await api.kill('SIGKILL');
    await nothingLeft();
    const again = await world.startAnother(limits);
    const client = new KeybinClient(again.url);
    const { file_id: id } = await uploadFile(client, v1Token, Buffer.alloc(4 * 2 ** 20));
    expectOk(await client.send('DELETE', uploadPath(v1Token, id)));
    await nothingLeft();
    await again.stop();
  });

  it('of an account that is unregistered meanwhile get 401 and leave nothing', async () => {
    const { username, password, v1Token } = await newV1Account(world.here);
    const done = await uploadFile(world.here, v1Token, randomBytes(megabyte));
    const uploads = [await beginUpload(world.here.baseUrl, v1Token), await beginUpload(world.there.baseUrl, v1Token)];
    expectDone(await world.there.unregister(username, password));
    for (const client of [world.here, world.there]) {
      expect((await download(client, v1Token, done.file_id)).status).to.equal(401);
    }
    const [first, second] = uploads;
    expect(await first?.end()).to.deep.equal({ status: 401, text: '{"error":"Invalid token"}' });
    await second?.send(randomBytes(megabyte));
    expect(await second?.end()).to.deep.equal({ status: 401, text: '{"error":"Invalid token"}' });
    const again = await newV1Account(world.here, username);
    const listed = await world.there.send('GET', uploadPath(again.v1Token));
    expect(listed.json).to.deep.equal({ files: [], next: null });
    await nothingLeft();
  });

  it('are finished while their process shuts down; the ones that cannot be get 503 and leave nothing', async () => {
    const { v1Token } = await newV1Account(world.here);
    const api = await world.startAnother({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '4' });
    const ending = await beginUpload(api.url, v1Token);
    const endless = await beginUpload(api.url, v1Token);
    await api.kill('SIGTERM');
    await eventually(() => api.child.output.includes('draining'), 'the drain to begin');
    const { status, text } = await ending.end();
    expect(status, text).to.equal(200);
    expect((await endless.answered).status).to.equal(503);
    expect(await api.child.exited).to.deep.equal({ code: 0, signal: null });
    const { files } = expectOk(await world.here.send('GET', uploadPath(v1Token))).json as {
      files: { file_id: string }[];
    };
    expect(files.map(({ file_id: id }) => id)).to.deep.equal([(JSON.parse(text) as { file_id: string }).file_id]);
    for (const { file_id: id } of files) await world.here.send('DELETE', uploadPath(v1Token, id));
    await nothingLeft();
  });

  it('are cut off for a client that reads nothing when their process shuts down, which exits with 0', async () => {
    const { v1Token } = await newV1Account(world.here);
    const { file_id: id } = await uploadFile(world.here, v1Token, randomBytes(30 * megabyte));
    const api = await world.startAnother({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '2' });
    const connection = connect(Number(new URL(api.url).port), '127.0.0.1');
    connection.on('error', () => {}); // it is cut off
    connection.write(`GET ${uploadPath(v1Token, id)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(connection, 'readable'); // and never read
    await api.kill('SIGTERM');
    expect(await api.child.exited).to.deep.equal({ code: 0, signal: null });
    connection.destroy();
    await world.here.send('DELETE', uploadPath(v1Token, id));
    await nothingLeft();
  });

  it('may take longer than the request timeout while they make progress', async () => {
    const { v1Token } = await newV1Account(world.here);
    const api = await world.startAnother({ KEYBIN_LIMITS_REQUEST_TIMEOUT: '1' });
    const upload = new OpenUpload(api.url, v1Token);
    const untilMs = performance.now() + 4_000;
    for await (const _ of every(50)) {
      await upload.send(randomBytes(1_000));
      if (performance.now() > untilMs) break;
    }
    const { status, text } = await upload.end();
    expect(status, text).to.equal(200);
    await world.here.send('DELETE', uploadPath(v1Token, (JSON.parse(text) as { file_id: string }).file_id));
    await api.stop();
    await nothingLeft();
  });
}
