import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { onSomePort } from '../../world/processes/some-port.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { ownServers, programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { readComposeFile, root, type ComposeFile } from './compose-file.js';
import { ComposeRun } from './compose-run.js';

/** Services that do one step and exit. */
const steps = new Set(['prepare', 'mongo-set']);

describe('docker-compose.yml', () => {
  programs('docker-compose');

  let file: ComposeFile;
  before(() => {
    file = readComposeFile();
  });

  it('checks the health of each service that keeps running', () => {
    for (const [name, { healthcheck }] of Object.entries(file.services)) {
      if (steps.has(name)) expect(healthcheck?.test, name).to.deep.equal(['NONE']);
      else expect(healthcheck?.test?.[0], name).to.equal('CMD');
    }
  });

  it('starts each service after what it needs', () => {
    const { api, worker, prepare } = file.services;
    expect(api?.depends_on).to.deep.equal({ prepare: { condition: 'service_completed_successfully' } });
    expect(worker?.depends_on).to.deep.equal(api?.depends_on);
    expect(prepare?.depends_on).to.deep.equal({
      redis: { condition: 'service_healthy' },
      'mongo-set': { condition: 'service_completed_successfully' },
    });
  });

  it('publishes ports on the loopback address only', () => {
    const published = Object.values(file.services).flatMap(({ ports = [] }) => ports);
    expect(published).to.not.deep.equal([]);
    for (const port of published) expect(port).to.match(/^127\.0\.0\.1:/);
  });

  it('mounts only files that exist', () => {
    const mounted = Object.values(file.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':', 1)[0]),
    );
    const inRepository = mounted.filter((source) => source?.startsWith('/')).map(String);
    expect(inRepository).to.have.lengthOf(4);
    for (const source of inRepository) expect(existsSync(source), source).to.equal(true);
  });

  describe('its command lines, run as plain processes', function () {
    this.timeout(60_000);
    ownServers('redis-server', 'mongod');
    programs('prometheus', 'wget');

    let run: ComposeRun | undefined;
    afterEach(() => run?.stop());

    it('start in their order, serve, and shut down cleanly', () => onSomePort(serveAndEnd));

    async function serveAndEnd(firstPort: number): Promise<void> {
      await run?.stop(); // a failed attempt, whose ports were taken
      const secrets = temporaryDirectory();
      writeFileSync(join(secrets, 'signing_secret'), 'a signing secret that has 32 bytes');
      const [api, worker, mongo, redis] = [firstPort, firstPort + 1, firstPort + 2, firstPort + 3];
      run = new ComposeRun(file, [
        ['/run/secrets', secrets],
        ['?replicaSet=keybin', ''], // a stand-in for mongod may name its set differently
        ['mongo:27017', `127.0.0.1:${mongo}`],
        ['27017', String(mongo)],
        ['0.0.0.0', '127.0.0.1'],
        ['/data/db', temporaryDirectory()],
        ['/data', temporaryDirectory()],
        ['redis:6379', `127.0.0.1:${redis}`],
        ['6379', String(redis)],
        ['127.0.0.1:5000', `127.0.0.1:${api}`],
        ['5001', String(worker)],
      ]);

      run.start('mongo');
      run.start('redis');
      await run.healthy('redis');
      expect(await run.done('mongo-set')).to.include('takes writes');
      expect(await run.done('prepare')).to.include('is ready');
      const processes = [run.start('worker'), run.start('api', { KEYBIN_APP_PORT: String(api) })];
      await run.healthy('api');
      await run.healthy('worker');

      const client = new KeybinClient(`http://127.0.0.1:${api}`);
      const { token } = await client.newAccount();
      expectDone(await client.put(token, 'a', 'kept'));
      expectValue(await client.get(token, 'a'), 'kept');
      for (const child of processes) expect((await child.stop()).code, child.name).to.equal(0);
    }

    it('initiate the replica set of a mongod that starts late', () => onSomePort(initiateLate));

    async function initiateLate(port: number): Promise<void> {
      await run?.stop(); // a failed attempt, whose port was taken
      run = new ComposeRun(file, [
        ['mongo:27017', `127.0.0.1:${port}`],
        ['27017', String(port)],
        ['0.0.0.0', '127.0.0.1'],
        ['/data/db', temporaryDirectory()],
      ]);
      const initiating = run.start('mongo-set');
      await initiating.says(/(does not answer.*\n[^]*){2}/);
      run.start('mongo');
      expect((await initiating.exited).code, initiating.output).to.equal(0);
    }

    it('start Prometheus with the rules of the repository', () => onSomePort(startPrometheus));

    async function startPrometheus(port: number): Promise<void> {
      run = new ComposeRun(file, [
        ['/bin/prometheus', 'prometheus'],
        ['/etc/prometheus', join(root, 'deploy/prometheus')],
        ['=/prometheus', `=${temporaryDirectory()}`],
        ['0.0.0.0:9090', `127.0.0.1:${port}`],
        ['9090', String(port)],
      ]);
      run.start('prometheus');
      await run.healthy('prometheus');
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/rules`);
      expect(await answer.text()).to.include('KeybinNoWorker');
    }
  });
});
