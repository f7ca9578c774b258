import { closeSync, cpSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Random } from '../../fault-run/random.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { newToken, openStore } from './store.js';

const pageBytes = 4_096;
const big = JSON.stringify('b'.repeat(3 * pageBytes));

/** Creates a store with values on pages of their own, and with free pages. Returns what it has. */
async function filledStore() {
  const directory = temporaryDirectory();
  const engine = await openStore(directory, 1);
  const { userId } = await engine.accounts.create('ada', `$2b$04$${'h'.repeat(53)}`);
  const token = await newToken(engine, { userId });
  const values = new Map<string, string>();
  for (let n = 0; n < 60; n++) {
    const value = n % 3 === 0 ? big : JSON.stringify(`${n}`.repeat(100));
    await engine.entries.put(token, `key${n}`, value);
    values.set(`key${n}`, value);
  }
  for (let n = 40; n < 60; n++) {
    await engine.entries.delete(token, `key${n}`);
    values.delete(`key${n}`);
  }
  await engine.close();
  return { directory, token, values };
}

/** Returns a copy of a store after `change` of its `data.mdb`. */
function changed(directory: string, change: (file: string) => void): string {
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  change(join(copy, 'data.mdb'));
  return copy;
}

function overwrite(file: string, position: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, position);
  closeSync(descriptor);
}

/** Returns a page of noise, the same for each page in each run. */
function noise(page: number): Buffer {
  const random = new Random(page);
  return Buffer.from(Array.from({ length: pageBytes }, () => random.next() * 256));
}

const check = (directory: string) => keybin(['check'], { KEYBIN_STORE_HOST: `lmdb://${directory}` });

describe('embedded engine, damaged store', function () {
  this.timeout(120_000);
  let store: Awaited<ReturnType<typeof filledStore>>;
  before(async () => {
    store = await filledStore();
  });

  it('refuses in one line a file that was cut off anywhere, and starts if only free pages are missing', async () => {
    const { directory, token, values } = store;
    const { size } = statSync(join(directory, 'data.mdb'));
    const outcomes = { refused: 0, started: 0 };
    for (let length = 0; length < size; length += length % pageBytes === 0 ? 1_000 : pageBytes - 1_000) {
      const cut = changed(directory, (file) => truncateSync(file, length));
      try {
        const engine = await openStore(cut, 1);
        for (const [key, value] of values) expect(await engine.entries.get(token, key)).to.equal(value);
        await engine.entries.put(token, 'another', big);
        await engine.close();
        expect((await check(cut)).stdout).to.match(/^The store is sound: 1 accounts, 41 entries/);
        outcomes.started += 1;
      } catch (error) {
        expect((error as Error).message).to.match(
          /^Cannot use \S+ as an LMDB store: data\.mdb is (empty: restore|cut off at \d+ bytes and lacks data: restore|not an LMDB file)/,
        );
        const { code, stderr } = await check(cut);
        expect(code).to.equal(1);
        expect(stderr).to.match(/^keybin: Cannot read \S+ as an LMDB store: data\.mdb is /);
        outcomes.refused += 1;
      }
    }
    expect(outcomes.refused).to.be.above(outcomes.started);
    expect(outcomes.started).to.be.above(0);
  });

  const contents = { zeros: () => Buffer.alloc(pageBytes), noise };
  for (const [what, content] of Object.entries(contents)) {
    it(`finds a page that was overwritten with ${what}, unless it was free`, async () => {
      const pages = statSync(join(store.directory, 'data.mdb')).size / pageBytes;
      const outcomes = { sound: 0, damaged: 0 };
      for (let page = 2; page < pages; page++) {
        const other = changed(store.directory, (file) => overwrite(file, page * pageBytes, content(page)));
        const { code, stdout, stderr } = await check(other);
        if (code === 0) {
          expect(stdout).to.equal('The store is sound: 1 accounts, 40 entries, 0 posts and 0 files\n');
          outcomes.sound += 1;
        } else {
          expect(stdout + stderr).to.match(/^(The store is damaged:\n|keybin: Cannot read )/);
          outcomes.damaged += 1;
        }
      }
      expect(outcomes.damaged).to.be.above(outcomes.sound);
      expect(outcomes.sound).to.be.above(0);
    });
  }
});
