import { EventEmitter, once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportRecords } from '@keybin/shared/engines/embedded/operations/export.js';
import { embeddedAccounts } from '@keybin/shared/engines/embedded/accounts/accounts.js';
import { FileDirectory } from '@keybin/shared/engines/embedded/files/file-directory.js';
import { embeddedFiles } from '@keybin/shared/engines/embedded/files/files.js';
import { embeddedTokens } from '@keybin/shared/engines/embedded/tokens/tokens.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import { count, ownParts, ownSweeper, type Parts } from '../embedded/parts.js';
import { clientsPerAccount, closeStores, codeOf, fileBytes } from '../embedded/store.js';
import { eventually } from '../../world/eventually.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';
import { filesSuite, upload } from './engine-suite.js';
import { filesIn } from './files-in.js';

interface Store extends Parts {
  readonly path: string;
  readonly engine: Pick<Engine, 'accounts' | 'tokens' | 'files'>;
}

/** Opens an engine without a sweeper. A test may start one. */
function openStore(leaseMs = times.uploadLeaseMs): Store {
  const path = temporaryDirectory();
  const parts = ownParts(path, { leaseMs });
  const { databases, reads, writes } = parts;
  const engine = {
    accounts: embeddedAccounts(databases, reads, writes, () => {}),
    tokens: embeddedTokens(databases, reads, writes, clientsPerAccount),
    files: embeddedFiles({ ...parts, fileLimitBytes: fileBytes, deleted: () => {}, times }),
  };
  return { ...parts, path, engine };
}

describe('files of the embedded engine', () => {
  let store: Store;
  beforeEach(() => (store = openStore()));
  afterEach(closeStores);

  /** Runs one round of a sweeper. */
  const sweep = async () => {
    const sweeper = ownSweeper(store);
    await eventually(() => count(store.databases.unlinking) === 0 && count(store.databases.erasing) === 0, 'a round');
    await sweeper.close();
  };

  const subject = {
    get here() {
      return store.engine as Engine; // the suite uses only these parts of it
    },
    get there() {
      return store.engine as Engine;
    },
    sweep,
    piecesOf: async (_account: Account) =>
      filesIn(store.path).length + count(store.databases.fileOwners) + count(store.databases.uploads),
  };
  filesSuite(subject);

  async function newToken(files: Store = store): Promise<string> {
    const { userId } = await files.engine.accounts.create('name', 'hash');
    await files.engine.tokens.issue({ userId, clientId: 'client', token: 'token', lifetimeSeconds: 600 });
    return 'token';
  }

  it('are swept when their lease has expired, and their space is free again', async () => {
    store = openStore(1);
    const token = await newToken();
    const begun = await store.engine.files.begin(token, { name: 'abandoned' });
    await begun.write(Buffer.alloc(2 ** 20));
    expect(filesIn(store.path)).to.have.length(1);
    await eventually(() => count(store.databases.uploads) === 1, 'the record');
    ownSweeper(store, 10);
    await eventually(
      () => filesIn(store.path).length === 0 && count(store.databases.fileOwners) === 0,
      'an empty store',
    );
    expect([count(store.databases.uploads), count(store.databases.fileRoom)]).to.deep.equal([0, 0]);
  });

  it('whose lease has expired are refused when they continue or finish', async () => {
    store = openStore(1);
    const token = await newToken();
    const [first, second] = [
      await store.engine.files.begin(token, { name: 'first' }),
      await store.engine.files.begin(token, { name: 'second' }),
    ];
    await first.write(Buffer.alloc(1_000));
    await eventually(async () => {
      await store.writes.apply(({ nowMs }) => store.records.lapse(nowMs));
      return count(store.databases.uploads) === 0;
    }, 'the end of the leases');
    expect(await codeOf(first.finish())).to.equal('unavailable');
    expect(await codeOf(second.write(Buffer.alloc(3 * 2 ** 20)))).to.equal('unavailable');
    expect(filesIn(store.path)).to.deep.equal([]);
    expect(count(store.databases.fileOwners)).to.equal(0);
  });

  it('without a record are removed, and others stay', async () => {
    const token = await newToken();
    const kept = await upload(store.engine.files, token, 'kept', Buffer.from('kept'));
    const under = await store.engine.files.begin(token, { name: 'under way' });
    // In the folders that the sweeper checks first
    const orphan = `${kept.id.slice(0, -2)}${kept.id.endsWith('02') ? '03' : '02'}`;
    const handle = await store.directory.create(orphan);
    await handle.close();
    ownSweeper(store, 1);
    await eventually(() => !filesIn(store.path).includes(orphan), 'the orphan to be gone', 15_000);
    expect(filesIn(store.path)).to.have.length(2);
    await under.finish();
  });

  it('that are deleted during an export do not end it', async () => {
    const token = await newToken();
    await upload(store.engine.files, token, 'first', Buffer.from('first'));
    const second = await upload(store.engine.files, token, 'second', Buffer.from('second'));
    const seen: string[] = [];
    for await (const { type } of exportRecords(store)) {
      if (type !== 'account') seen.push(type);
      // The record of the second was read together with that of the first. The sweeper removes its bytes now
      if (seen.length === 1) await store.directory.remove(second.id);
    }
    expect(seen).to.deep.equal(['file', 'chunk', 'file', 'gone']);
  });

  it('that cannot be removed do not keep others from being removed', async () => {
    const token = await newToken();
    const ids: string[] = [];
    for (const name of ['first', 'second'])
      ids.push((await upload(store.engine.files, token, name, Buffer.from(name))).id);
    const [first = '', second = ''] = ids;
    const path = join(store.path, 'files', first.slice(-2), first);
    rmSync(path);
    mkdirSync(path); // a directory, which cannot be removed like a file
    for (const id of ids) await store.engine.files.delete(token, id);
    ownSweeper(store, 10);
    await eventually(() => !filesIn(store.path).includes(second), 'the second to be gone');
    await eventually(() => count(store.databases.unlinking) === 1, 'its record to be gone');
    rmdirSync(path);
    await eventually(() => count(store.databases.fileOwners) === 0, 'the first to be gone');
  });

  it('are refused within 2 s while the disk hangs, and leave nothing when it resumes', async () => {
    const token = await newToken();
    const gate = new EventEmitter();
    const opened = once(gate, 'open');
    // As many as the directory has threads
    const holders = Array.from({ length: 3 }, () => store.directory.run(() => opened));
    const refused = await store.engine.files.begin(token, { name: 'late' }).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'unavailable' });
    expect(refused)
      .to.have.property('cause')
      .that.matches(new RegExp(` took longer than ${times.answerMs} ms$`));
    gate.emit('open');
    await Promise.all(holders);
    await eventually(() => count(store.databases.uploads) + count(store.databases.fileOwners) === 0, 'no record');
    expect(filesIn(store.path)).to.deep.equal([]);
  });

  it('that are opened after their request has ended are closed', async () => {
    const token = await newToken();
    const { id } = await upload(store.engine.files, token, 'name', Buffer.from('content'));
    const directory = new FileDirectory(store.path, 20);
    const gate = new EventEmitter();
    const opened = once(gate, 'open');
    // As many as the directory has threads
    const holders = Array.from({ length: 3 }, () => directory.run(() => opened).catch(() => {}));
    const made = '0'.repeat(24);
    expect(await codeOf(directory.open(id))).to.equal('unavailable');
    expect(await codeOf(directory.create(made))).to.equal('unavailable');
    gate.emit('open');
    await Promise.all(holders);
    await eventually(() => filesIn(store.path).includes(made), 'the late file');
    await eventually(() => openFilesBelow(store.path).length === 0, 'no open file');
  });
});

/** Returns the files below `directory/files` that this process has open. */
function openFilesBelow(directory: string): string[] {
  const root = realpathSync(join(directory, 'files'));
  const open = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // closed in the meantime
    }
  });
  return open.filter((path) => path.startsWith(root));
}
