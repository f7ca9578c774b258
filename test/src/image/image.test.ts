import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { expectDone, expectValue } from '../contract/subjects/answers.js';
import { readComposeFile, type ComposeFile } from '../processes/deploy/compose-file.js';
import { KeybinClient } from '../world/clients/keybin-client.js';
import { eventually } from '../world/eventually.js';
import { programs, services } from '../world/services/services.js';
import { skipSuite } from '../world/skip-suite.js';
import { buildImage, type Image } from './build-image.js';
import { Container, inNamespaces, makeVolume } from './container.js';
import { npmRegistry, npmSettingsDirectory } from './npm-settings.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const buildTimeoutMs = 10 * 60_000;

/** Parts of Keybin that run in the image. */
const parts = ['shared', 'api', 'worker', 'cli'];

/** Settings of a container whose address the test learns from its log. */
const anyPort = { KEYBIN_APP_PORT: '0', KEYBIN_WORKER_PORT: '0' };

/** Warnings of `keybin doctor` about the defaults of the image: it listens on all addresses of its container. */
const knownWarnings = ['registration'];

/** Returns where a container's API can be reached from here, once it listens on all addresses. */
async function clientOf({ child }: Container): Promise<KeybinClient> {
  const port = await child.says(/Keybin listens on http:\/\/0\.0\.0\.0:(\d+),/);
  return new KeybinClient(`http://127.0.0.1:${port}`);
}

describe('the image', function () {
  this.timeout(60_000); // its processes start beside each other
  programs('buildah', 'mmdebstrap', 'docker-compose');

  let image: Image;
  before('that may be built and run', function () {
    const [program, ...args] = inNamespaces;
    try {
      execFileSync(program, [...args, 'mount', '-t', 'tmpfs', 'none', '/tmp'], { stdio: 'pipe' });
    } catch (error) {
      skipSuite(this, `no right to make a container: ${String(error)}`);
    }
  });
  before('is built', async function () {
    this.timeout(buildTimeoutMs);
    image = await buildImage();
  });

  const inImage = (path: string) => join(image.root, path);

  const running: Container[] = [];
  function start(...options: Parameters<typeof makeContainer>): Container {
    const container = makeContainer(...options);
    running.push(container);
    return container;
  }
  const makeContainer = (
    volume: string,
    env: Readonly<Record<string, string>> = anyPort,
    command?: readonly string[],
  ) => new Container(image, volume, env, command);
  afterEach(() => Promise.all(running.splice(0).map((container) => container.stop())));

  it('has the packages that Keybin needs at run time, and no others', () => {
    const chosen = parts.map((part) => `--workspace=${part}`);
    // It fails because of versions that some packages do not expect of others, but lists all of them
    const { stdout } = spawnSync('npm', ['ls', '--all', '--parseable', '--omit=dev', ...chosen], {
      cwd: repository,
      encoding: 'utf8',
    });
    const paths = stdout.split('\n').map((path) => relative(repository, path));
    const needed = new Set(paths.filter((path) => path.includes('node_modules/')));
    const installed = new Set(
      readdirSync(inImage('keybin'), { recursive: true, encoding: 'utf8' })
        .map((path) => /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1])
        .filter((path) => path !== undefined),
    );
    expect(installed.size).to.be.above(100);
    expect(
      [...installed].filter((path) => !needed.has(path)),
      'not needed',
    ).to.deep.equal([]);
    expect(
      [...needed].filter((path) => !installed.has(path)),
      'missing',
    ).to.deep.equal([]);
    expect(readdirSync(inImage('keybin/node_modules/@keybin'))).to.have.members(parts);
  });

  it('has no folder of the tests, the benchmark or the repository', () => {
    expect(readdirSync(inImage('keybin'))).to.have.members([...parts, 'bin', 'deploy', 'node_modules']);
    expect(readdirSync(inImage('keybin/deploy'))).to.deep.equal(['docker']);
  });

  it('keeps nothing of how the machine that built it gets packages', () => {
    expect(readdirSync(inImage(npmSettingsDirectory))).to.deep.equal([]);
    expect(readdirSync(inImage('root')).filter((name) => name.startsWith('.npm'))).to.deep.equal([]);
    const lock = readFileSync(inImage('keybin/node_modules/.package-lock.json'), 'utf8');
    expect(lock).to.not.include(new URL(npmRegistry()).host);
    expect(image.config.Env.filter((line) => /npm_config|proxy/i.test(line))).to.deep.equal([]);
  });

  it('runs as a user of its own, and only that user reads the volume of its data', async () => {
    const { uid, mode } = statSync(inImage('data'));
    expect(mode & 0o777).to.equal(0o700);
    expect(uid).to.not.equal(0);
    expect(Object.keys(image.config.Volumes)).to.deep.equal(['/data']);
    const { child } = start(makeVolume(image), {}, ['id', '--user']);
    await child.exited;
    expect(child.answer).to.equal(`${uid}\n`);
  });

  it('has the command line', async () => {
    const { version }: { version: string } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    const { child } = start(makeVolume(image), {}, ['keybin', '--version']);
    await child.exited;
    expect(child.output).to.equal(`keybin ${version}\n`);
  });

  it('serves from a read-only root, is healthy, shuts down with 0, and keeps its data', async () => {
    const volume = makeVolume(image);
    const container = start(volume);
    const client = await clientOf(container);
    expect((await client.send('GET', '/readyz')).status).to.equal(200);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'a', 'kept'));
    expectValue(await client.get(token, 'a'), 'kept');

    const [how, ...check] = image.config.Healthcheck.Test;
    expect(how).to.equal('CMD');
    const here = check.map((word) => word.replace('http://127.0.0.1:5000', client.baseUrl));
    expect(here).to.include(`${client.baseUrl}/readyz`);
    expect(await container.exec(...here).exited).to.deep.equal({ code: 0, signal: null });

    const touch = container.exec('touch', '/home/node/file');
    expect((await touch.exited).code).to.equal(1);
    expect(touch.output).to.include('Read-only file system');

    expect(await container.stop(), container.child.output).to.deep.equal({ code: 0, signal: null });
    expectValue(await (await clientOf(start(volume))).get(token, 'a'), 'kept');
  });

  it('is found in order by its own keybin doctor', async () => {
    const container = start(makeVolume(image));
    await clientOf(container);
    const doctor = container.exec('keybin', 'doctor', '--json');
    expect(await doctor.exited, doctor.output).to.deep.equal({ code: 0, signal: null });
    const { findings } = JSON.parse(doctor.answer) as { findings: { check: string; state: string }[] }; // its format
    expect(findings.map(({ check }) => check)).to.include.members(['node', 'permissions', 'store']);
    expect(findings.filter(({ state }) => state !== 'ok').map(({ check }) => check)).to.deep.equal(knownWarnings);
  });

  describe('with the commands of docker-compose.yml', () => {
    const stores = services();
    let file: ComposeFile;
    before(() => {
      file = readComposeFile();
    });

    it('serves from Redis and MongoDB, and shuts down with 0', async () => {
      const env = { ...anyPort, ...stores.env };
      const run = (name: string) => start(makeVolume(image), env, file.services[name]?.command ?? []);
      const { child: prepare } = run('prepare');
      expect((await prepare.exited).code, prepare.output).to.equal(0);
      const processes = [run('worker'), run('api')] as const;
      const [worker, api] = processes;
      await worker.child.says(/Worker is ready/);
      const client = await clientOf(api);
      await eventually(async () => (await client.send('GET', '/readyz')).status === 200, 'an API that is ready');
      const { token } = await client.newAccount();
      expectDone(await client.put(token, 'a', 'kept'));
      expectValue(await client.get(token, 'a'), 'kept');
      for (const container of processes)
        expect(await container.stop(), container.child.output).to.deep.equal({ code: 0, signal: null });
    });
  });
});
