import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { newFileId } from '@keybin/shared/ids/file-id.js';
import type { Account, ByteRange, Engine, Files, OpenFile, StoredFile } from '@keybin/shared/ports/engine.js';
import { codeOf, fileBytes, fileBytesPerAccount } from '../embedded/store.js';
import { newAuthor } from '../posts/engine-suite.js';
import { eventually } from '../../world/eventually.js';

/**
 * The engines that a suite of files tests, with the limits of `embedded/store.ts`. The members work once the `before`
 * hooks have run.
 */
export interface FilesSubject {
  /** Engines on the same data. They may be the same engine. */
  readonly here: Engine;
  readonly there: Engine;
  /** Does the work that the sweeper does in the background. */
  sweep(): Promise<void>;
  /** Returns the number of the account's file pieces and upload records in the store. */
  piecesOf(account: Account): Promise<number>;
}

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Stores a file in writes of `piece` bytes. */
export async function upload(
  files: Files,
  token: string,
  name: string,
  bytes: Buffer,
  piece = 65_536,
): Promise<StoredFile> {
  const begun = await files.begin(token, { name });
  for (let at = 0; at < bytes.length; at += piece) await begun.write(bytes.subarray(at, at + piece));
  return begun.finish();
}

export async function bytesOf(
  opened: OpenFile,
  range: ByteRange = { start: 0, end: opened.file.length },
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of opened.read(range)) parts.push(part);
  return Buffer.concat(parts);
}

const block = 512 * 1024;

export function filesSuite(subject: FilesSubject): void {
  let token: string;
  let account: Account;

  beforeEach('an author', async () => {
    ({ token, account } = await newAuthor(subject.here));
  });

  const isEmpty = () =>
    eventually(async () => {
      await subject.sweep();
      return (await subject.piecesOf(account)) === 0;
    }, 'nothing of the account to be left');

  /** Asserts that the account's whole quota can be used, so that none of it is lost. */
  async function expectAllRoom(): Promise<void> {
    const begun = [];
    for (let left = fileBytesPerAccount; left > 0; left -= fileBytes) {
      const one = await subject.there.files.begin(token, { name: 'room' });
      await one.write(Buffer.alloc(Math.min(left, fileBytes)));
      begun.push(one);
    }
    await Promise.all(begun.map((one) => one.abort()));
  }

  it('come back exactly, whole and in parts, whatever their length, with length and SHA-256', async () => {
    for (const length of [0, 1, block - 1, block, block + 1, 3 * block + 7]) {
      const bytes = randomBytes(length);
      const file = await upload(subject.here.files, token, `${length}.bin`, bytes, 100_003);
      expect(file).to.deep.equal({ id: file.id, name: `${length}.bin`, length, sha256: sha256(bytes) });
      expect(file.id).to.match(/^[0-9a-f]{24}$/);
      const opened = await subject.there.files.open(token, file.id);
      expect(opened.file).to.deep.equal(file);
      expect((await bytesOf(opened)).equals(bytes), `${length} bytes`).to.equal(true);
      for (const [start, end] of [
        [0, 1],
        [block - 1, block + 1],
        [block, 2 * block],
        [length - 1, length],
        [5, length],
      ] as const) {
        if (start < 0 || end > length || start >= end) continue;
        expect((await bytesOf(opened, { start, end })).equals(bytes.subarray(start, end)), `${start}-${end}`).to.equal(
          true,
        );
      }
    }
  });

  it('keep the type of an image, in every view of them', async () => {
    const begun = await subject.here.files.begin(token, { name: 'a.png', contentType: 'image/png' });
    const file = await begun.finish();
    expect(file).to.include({ name: 'a.png', contentType: 'image/png', length: 0 });
    expect((await subject.there.files.open(token, file.id)).file).to.deep.equal(file);
    expect((await subject.there.files.list(token, { limit: 1 })).files).to.deep.equal([file]);
  });

  it('do not exist before they are finished', async () => {
    const begun = await subject.here.files.begin(token, { name: 'half' });
    await begun.write(Buffer.alloc(2 * block));
    expect(await subject.there.files.list(token, { limit: 10 })).to.deep.equal({ files: [], more: false });
    const file = await begun.finish();
    expect(await subject.there.files.list(token, { limit: 10 })).to.deep.equal({ files: [file], more: false });
  });

  it('are listed newest first, page by page, and after a deleted one', async () => {
    const stored: StoredFile[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      stored.unshift(await upload(subject.here.files, token, name, Buffer.from(name)));
    expect(await subject.there.files.list(token, { limit: 2 })).to.deep.equal({
      files: stored.slice(0, 2),
      more: true,
    });
    const second = stored[1]?.id ?? '';
    await subject.there.files.delete(token, second);
    expect(await subject.here.files.list(token, { limit: 2, after: second })).to.deep.equal({
      files: stored.slice(2, 4),
      more: true,
    });
    expect(await subject.here.files.list(token, { limit: 3, after: second })).to.deep.equal({
      files: stored.slice(2),
      more: false,
    });
  });

  it('that are deleted cannot be read, and leave no bytes and no used quota', async () => {
    const { id } = await upload(subject.here.files, token, 'name', randomBytes(2 * block));
    await subject.there.files.delete(token, id);
    expect(await codeOf(subject.here.files.open(token, id))).to.equal('file_not_found');
    expect(await codeOf(subject.here.files.delete(token, id))).to.equal('file_not_found');
    await isEmpty();
    await expectAllRoom();
  });

  it('that are deleted after they were found are not found on reading', async () => {
    const { id } = await upload(subject.here.files, token, 'name', randomBytes(2 * block));
    const opened = await subject.there.files.open(token, id);
    await subject.here.files.delete(token, id);
    await isEmpty();
    expect(await codeOf(bytesOf(opened))).to.equal('file_not_found');
  });

  it('of another account are forbidden, and those that never existed are not found', async () => {
    const { id } = await upload(subject.here.files, token, 'mine', Buffer.from('mine'));
    const other = await newAuthor(subject.there);
    for (const { files } of [subject.here, subject.there]) {
      expect(await codeOf(files.open(other.token, id))).to.equal('forbidden');
      expect(await codeOf(files.delete(other.token, id))).to.equal('forbidden');
      for (const never of ['0'.repeat(24), newFileId(1_790_000_000_000_000), '', '../x', 'A'.repeat(24), '~']) {
        expect(await codeOf(files.open(token, never)), never).to.equal('file_not_found');
        expect(await codeOf(files.delete(token, never)), never).to.equal('file_not_found');
      }
      expect(await files.list(other.token, { limit: 5 })).to.deep.equal({ files: [], more: false });
    }
    expect((await bytesOf(await subject.there.files.open(token, id))).toString()).to.equal('mine');
  });

  it('are refused with an unknown token', async () => {
    const { files } = subject.here;
    const bad = randomUUID();
    const { id } = await upload(files, token, 'name', Buffer.from('x'));
    const calls = [
      files.begin(bad, { name: 'x' }),
      files.open(bad, id),
      files.list(bad, { limit: 1 }),
      files.delete(bad, id),
    ];
    expect(await Promise.all(calls.map(codeOf))).to.deep.equal(Array(4).fill('invalid_token'));
  });

  it('that are aborted leave nothing, and accept nothing more', async () => {
    const begun = await subject.here.files.begin(token, { name: 'aborted' });
    await begun.write(randomBytes(2 * block + 1));
    await begun.abort();
    await begun.abort();
    expect(await codeOf(begun.write(Buffer.from('more')))).to.equal('unavailable');
    expect(await codeOf(begun.finish())).to.equal('unavailable');
    await isEmpty();
    await expectAllRoom();
  });

  it('larger than the limit are refused at the first byte too many, and leave nothing', async () => {
    const begun = await subject.here.files.begin(token, { name: 'large' });
    for (let sent = 0; sent < fileBytes; sent += block) await begun.write(randomBytes(block));
    expect(await codeOf(begun.write(Buffer.from('x')))).to.equal('file_too_large');
    expect(await codeOf(begun.finish())).to.equal('file_too_large');
    await isEmpty();
    expect((await upload(subject.here.files, token, 'largest', Buffer.alloc(fileBytes))).length).to.equal(fileBytes);
  });

  it('are refused above the quota of their account, whether or not their length is known', async () => {
    for (const name of ['a', 'b']) await upload(subject.here.files, token, name, Buffer.alloc(fileBytes));
    const left = fileBytesPerAccount - 2 * fileBytes;
    const known = { name: 'known', atMostBytes: left + 70_000 };
    expect(await codeOf(subject.there.files.begin(token, known))).to.equal('account_full');
    const begun = await subject.there.files.begin(token, { name: 'unknown' });
    await begun.write(Buffer.alloc(left));
    expect(await codeOf(begun.write(Buffer.from('x')))).to.equal('account_full');
    await subject.sweep();
    const fits = await subject.there.files.begin(token, { name: 'fits', atMostBytes: left + 200 });
    await fits.write(Buffer.alloc(left));
    await fits.finish();
    expect(await codeOf(subject.here.files.begin(token, { name: 'empty' }))).to.equal('account_full');
  });

  it('that are concurrent never exceed the quota together', async () => {
    const lengths = Array.from({ length: 8 }, (_, at) => (at % 4 === 0 ? 3 : 2) * 2 ** 20);
    const stored = await Promise.all(
      lengths.map(async (length, at) => {
        const engine = at % 2 ? subject.here : subject.there;
        return upload(engine.files, token, String(at), Buffer.alloc(length)).catch((error: unknown) => {
          if ((error as { code?: string }).code !== 'account_full') throw error;
          return { length: 0 };
        });
      }),
    );
    const total = stored.reduce((sum, { length }) => sum + length, 0);
    expect(total).to.be.at.most(fileBytesPerAccount); // 0 if each saw all the others, because none has priority
    await subject.sweep();
    const { files } = await subject.here.files.list(token, { limit: 20 });
    expect(files.reduce((sum, { length }) => sum + length, 0)).to.equal(total);
    for (const { id } of files) await subject.here.files.delete(token, id);
    await subject.sweep();
    await expectAllRoom();
  });

  it('of an erased account are deleted, and an upload in flight ends with invalid_token and leaves nothing', async () => {
    const { id } = await upload(subject.here.files, token, 'old', randomBytes(2 * block));
    const [first, second] = await Promise.all([
      subject.here.files.begin(token, { name: 'first' }),
      subject.there.files.begin(token, { name: 'second' }),
    ]);
    await first.write(randomBytes(block));
    await second.write(randomBytes(block));
    await subject.there.accounts.erase(account);
    expect(await codeOf(first.finish())).to.equal('invalid_token');
    expect(await codeOf(subject.here.files.open(token, id))).to.equal('invalid_token');
    await second.write(randomBytes(block)).catch(() => {});
    await subject.sweep();
    expect(await codeOf(second.finish())).to.equal('invalid_token');
    await isEmpty();
  });

  it('are cut off for a reader whose account is erased', async () => {
    const { id } = await upload(subject.here.files, token, 'read', randomBytes(6 * block));
    const opened = await subject.there.files.open(token, id);
    const reader = opened.read({ start: 0, end: 6 * block })[Symbol.asyncIterator]();
    expect((await reader.next()).done).to.equal(false);
    await subject.here.accounts.erase(account);
    const rest = async () => {
      for (let step = await reader.next(); !step.done; step = await reader.next());
    };
    expect(await codeOf(rest())).to.equal('invalid_token');
  });
}
