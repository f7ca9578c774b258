import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { Child } from '../../world/processes/child.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const startTimeoutMs = 60_000;

describe('npm start in a fresh clone', () => {
  it('builds, prints its address, serves on 127.0.0.1 from ./data, and has its data after a restart', async function () {
    this.timeout(3 * startTimeoutMs);
    const clone = freshClone();

    const first = await npmStart(clone);
    const { username, password, token } = await first.client.newAccount();
    expectDone(await first.client.put(token, 'a', { kept: true }));
    expect(readdirSync(join(clone, 'data'))).not.to.deep.equal([]);
    await interrupt(first.child);

    const second = await npmStart(clone);
    expectValue(await second.client.get(token, 'a'), { kept: true });
    expectValue(await second.client.get(await second.client.logIn(username, password), 'a'), { kept: true });
    await interrupt(second.child);
  });
});

/** Returns the files of a clone after `npm ci`: nothing built, no data, and the installed packages as links. */
function freshClone(): string {
  const clone = join(temporaryDirectory(), 'keybin');
  const left = new Set(['node_modules', 'dist', '.git', 'data']);
  cpSync(root, clone, {
    recursive: true,
    filter: (path) => !left.has(basename(path)) && !path.endsWith('.tsbuildinfo'),
  });
  mkdirSync(join(clone, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const from = join(root, 'node_modules', name);
    const to = join(clone, 'node_modules', name);
    // Its links point to the workspaces next to it
    if (name === '@keybin') cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else symlinkSync(from, to);
  }
  return clone;
}

async function npmStart(cwd: string): Promise<{ child: Child; client: KeybinClient }> {
  const child = new Child('npm start', 'npm', ['start'], { cwd, env: { PORT: '0' } });
  const url = await child.says(/Keybin listens on (http:[^,]+)/, startTimeoutMs);
  return { child, client: new KeybinClient(url) };
}

/** Does what Ctrl-C in a terminal does: signals npm and the processes that it runs. */
async function interrupt(child: Child): Promise<void> {
  process.kill(-child.pid, 'SIGINT');
  await child.exited;
  expect(existsSync(`/proc/${child.pid}`)).to.equal(false);
}
