import { closeDatabases, openDatabasesToRead } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { answersInTime } from '../support/answers.js';
import { expectDegraded, expectReady } from '../support/readiness.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { FaultyDisk } from '../../world/disks/faulty-disk.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';

const clientCount = 64;

for (const processes of [1, 2]) {
  describe(`while the disk of the embedded engine hangs, [APP] processes = ${processes}`, function () {
    this.timeout(60_000); // processes start and end, on a machine that may be busy
    programs('gcc');
    let disk: FaultyDisk;
    let directory: string;
    let api: ApiProcess;

    beforeEach(() => {
      [disk, directory] = [new FaultyDisk(), temporaryDirectory()];
    });
    afterEach(async () => {
      disk.goOn();
      await api?.child.stop();
    });

    const start = async (own: Readonly<Record<string, string>> = {}) => {
      const settings = { KEYBIN_STORE_HOST: `lmdb://${directory}`, KEYBIN_APP_PROCESSES: String(processes) };
      api = await spawnApi({ env: { ...settings, ...disk.env, ...own } });
      return new KeybinClient(api.url);
    };

    it('writes get 503 in time, reads continue, and writes resume afterwards, with nothing lost or out of order', async () => {
      const client = await start();
      const { token } = await client.newAccount();
      const writers = Array.from({ length: clientCount }, (_, index) => new Writer(client, token, `key_${index}`));
      const written = Promise.all(writers.map((writer) => writer.run()));
      await eventually(() => writers.every(({ answered }) => answered > 5), 'answered writes');
      disk.hang();
      await eventually(() => disk.isHanging, 'a sync that hangs');
      await eventually(() => writers.every(({ refused }) => refused > 0), 'refused writes');
      for (const { key, answered, sent } of writers) {
        const { json, status } = await client.get(token, key);
        expect(status).to.equal(200);
        expect((json as { value: number }).value).to.be.within(answered, sent); // asserted by the contract
      }
      expectDegraded(await client.send('GET', '/readyz'), 'down', 'writes wait for the disk or the write lock');
      const metrics = await client.send('GET', '/metrics');
      expect(metrics.text).to.include('keybin_dependency_up{dependency="lmdb"} 0');
      disk.goOn();
      await eventually(() => writers.every(({ hasGoneOn }) => hasGoneOn), 'answered writes after it');
      for (const writer of writers) writer.end();
      await written;
      await expectReady(client);
      expect(writers.flatMap(({ others }) => others)).to.deep.equal([]);
      expect(Math.max(...writers.map(({ longestMs }) => longestMs))).to.be.below(longestAnswerMs);
      api.child.killGroup();
      await api.child.exited;
      await expectVersions(directory);
      const after = await start();
      for (const { key, answered } of writers) expectValue(await after.get(token, key), answered);
    });

    if (processes > 1) return; // each process reports its own writes
    it('a failed sync makes its write get 503, and /readyz reports it until a write succeeds', async () => {
      const client = await start();
      const { token } = await client.newAccount();
      disk.refuseOne();
      expect((await client.put(token, 'key', 1)).status).to.equal(503);
      expectDegraded(await client.send('GET', '/readyz'), 'down', 'the last write failed');
      expect((await client.get(token, 'key')).status).to.equal(404);
      expectDone(await client.put(token, 'key', 2));
      await expectReady(client);
    });

    it('a root page that cannot be written makes the service unavailable until a restart, and /readyz reports it', async () => {
      const client = await start({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' });
      const { token } = await client.newAccount();
      expectDone(await client.put(token, 'key', 1));
      disk.refuseRoot();
      expect((await client.put(token, 'key', 2)).status).to.equal(503);
      const calls = await answersInTime({
        get: () => client.get(token, 'key'),
        put: () => client.put(token, 'other', 1),
        ready: () => client.send('GET', '/readyz'),
      });
      expect(Object.values(calls).map(({ status }) => status)).to.deep.equal([503, 503, 503]);
      expect(calls.ready.json).to.have.property('status', 'unavailable');
      await api.kill('SIGTERM');
      await api.child.exited;
      const again = await start();
      expectValue(await again.get(token, 'key'), 1);
      expectDone(await again.put(token, 'key', 3));
    });
  });
}

/**
 * Writes rising numbers to one key, each after the answer to the one before. Stops once the last one is acknowledged.
 */
class Writer {
  sent = 0;
  /** Last number that was acknowledged. */
  answered = 0;
  refused = 0;
  /** True if a write was acknowledged after one that was refused. */
  hasGoneOn = false;
  longestMs = 0;
  readonly others: string[] = [];
  #isEnding = false;

  constructor(
    private readonly client: KeybinClient,
    private readonly token: string,
    readonly key: string,
  ) {}

  end(): void {
    this.#isEnding = true;
  }

  async run(): Promise<void> {
    while (!this.#isEnding || this.answered < this.sent) {
      const fromMs = performance.now();
      this.sent += 1;
      const { status, text } = await this.client.put(this.token, this.key, this.sent);
      this.longestMs = Math.max(this.longestMs, performance.now() - fromMs);
      if (status === 200) this.answered = this.sent;
      else if (status === 503) this.refused += 1;
      else this.others.push(`${status} ${text}`);
      this.hasGoneOn = status === 200 && this.refused > 0;
    }
  }
}

/** Asserts that no version was given out twice, and that the next one will be larger than all. */
async function expectVersions(directory: string): Promise<void> {
  const databases = openDatabasesToRead(directory, times);
  const { entries, meta } = databases;
  const versions = Array.from(entries.getRange(), ({ value }) => Number(value.slice(0, 16)));
  expect(new Set(versions).size).to.equal(clientCount);
  expect(Number(meta.get('clock'))).to.be.at.least(Math.max(...versions));
  await closeDatabases(databases);
}
