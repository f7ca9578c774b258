import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { importFile } from '@keybin/cli/transfer/import.js';
import { withStoreWriter } from '@keybin/cli/command/with-store.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { expectDone } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin, keybinJson, spawnKeybin } from '../../world/processes/keybin-command.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import {
  expectFull,
  exportTo,
  fullAccount,
  importFrom,
  quietly,
  type Env,
  type Full,
} from '../../unit/transfer/transfer-world.js';

/** Positions in the export: within an account's entries, within its files, and after the last account. */
const breaks = [0.01, 0.4, 0.99];

const entries = 120;

/** A service on the store that is imported into. */
interface Serving {
  readonly env: () => Env;
  /** Runs `work` on an API. Resolves once the store itself has everything that `work` wrote. */
  readonly serve: (work: (client: KeybinClient) => Promise<void>) => Promise<void>;
}

describe('keybin import that is interrupted', function () {
  this.timeout(120_000);
  const source = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
  const file = join(temporaryDirectory(), 'export.ndjson');
  const accounts: Full[] = [];
  before(async () => {
    await serveEmbedded(source, async (client) => {
      for (let count = 0; count < 2; count++) accounts.push(await fullAccount(client, entries));
    });
    await exportTo(file, source);
  });

  describe('of the embedded engine', () => {
    const target = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    suite({ env: () => target, serve: (work) => serveEmbedded(target, work) });
  });

  describe('of the scale-out engine, next to its API', () => {
    const world = new ScaleOutWorld({ services, workers: 1 });
    const serve: Serving['serve'] = async (work) => {
      await work(world.here);
      await world.drained();
    };
    suite({ env: () => world.services.env, serve });
  });

  function suite({ env, serve }: Serving): void {
    it('is repeated with the same result, and keeps what clients wrote meanwhile', async () => {
      const [first] = accounts;
      if (!first) throw new Error('there are accounts');
      await killOnceBegun(file, env());
      for (const part of breaks) {
        expect(await importUpTo(part)).to.match(/broken off/);
        if (part !== breaks[1]) continue;
        await serve(async (client) => {
          await client.newAccount('newcomer');
          const token = await client.logIn(first.username, first.password);
          expectDone(await client.put(token, 'many.7', 'newer'));
        });
      }
      const { conflicts, skipped, renumbered, present, ...counts } = await importFrom(file, env());
      expect({ conflicts, skipped, renumbered }).to.deep.equal({ conflicts: [], skipped: 0, renumbered: 0 });
      expect(present).to.be.above(entries);
      expect(sum([present, ...Object.values(counts)])).to.equal(sum(Object.values(countsIn(file))));

      const after = join(temporaryDirectory(), 'after.ndjson');
      await exportTo(after, env());
      const [old, now] = [recordsIn(file), recordsIn(after)];
      expect(now.filter(isNewcomers))
        .to.have.lengthOf(1)
        .and.match(/"number":3,/);
      expect(now.filter(isNewer)).to.have.lengthOf(1);
      const kept = now.filter((line) => !isNewcomers(line) && !isNewer(line));
      expect(kept).to.have.lengthOf(old.length - 1);
      expect(new Set(old)).to.include.all.keys(kept);
      await serve(async (client) => {
        for (const account of accounts) await expectFull(client, account === first ? withNewer(first) : account);
      });
    });

    it('changes nothing if it is repeated once more', async () => {
      const before = join(temporaryDirectory(), 'before.ndjson');
      await exportTo(before, env());
      expect(await importFrom(file, env())).to.include({ accounts: 0, entries: 0, posts: 0, files: 0 });
      const after = join(temporaryDirectory(), 'after.ndjson');
      await exportTo(after, env());
      expect(readFileSync(after).equals(readFileSync(before))).to.equal(true);
    });

    /** Imports in this process until `part` of the file has been read. Returns what was imported. */
    async function importUpTo(part: number): Promise<string> {
      const config = loadConfig(['--config', '/dev/null'], env());
      const end = Math.floor(statSync(file).size * part);
      let reads = 0;
      const broken = { name: file, read: () => (reads++ === 0 ? createReadStream(file) : upTo(file, end)) };
      try {
        await withStoreWriter(config, (writer) => importFile(writer, broken, quietly));
        return 'imported';
      } catch (error) {
        return String(error);
      }
    }
  }
});

const isNewcomers = (line: string) => line.includes('"newcomer"');
const isNewer = (line: string) => line.includes('"key":"many.7"') && line.endsWith(',"value":"newer"}');
const withNewer = (full: Full): Full => ({ ...full, values: new Map([...full.values, ['many.7', 'newer']]) });

async function* upTo(file: string, end: number): AsyncGenerator<Buffer> {
  yield* createReadStream(file, { end });
  throw new Error('broken off');
}

/** Kills an import once it has imported an account. */
async function killOnceBegun(file: string, env: Env): Promise<void> {
  await keybin(['prepare'], env);
  const command = spawnKeybin(['import', file], env);
  const count = async () => (await keybinJson<{ users: unknown[] }>(['user', 'list'], env)).users.length;
  await eventually(async () => !command.alive || (await count()) > 0, 'an account', 30_000);
  await command.kill('SIGKILL');
}

async function serveEmbedded(env: Env, work: (client: KeybinClient) => Promise<void>): Promise<void> {
  const api = await spawnApi({ env });
  try {
    await work(new KeybinClient(api.url));
  } finally {
    await api.stop();
  }
}

const linesIn = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
const recordsIn = (file: string) => linesIn(file).slice(1, -1);
const countsIn = (file: string) =>
  (JSON.parse(linesIn(file).at(-1) ?? '') as { counts: Record<string, number> }).counts; // the last line
const sum = (counts: readonly unknown[]) => counts.reduce<number>((total, count) => total + Number(count), 0);
