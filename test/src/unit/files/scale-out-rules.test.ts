import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Binary, GridFSBucket, ObjectId } from 'mongodb';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { FileChunks } from '@keybin/shared/engines/scale-out/files/file-chunks.js';
import { chunkBytes, FileDocuments } from '@keybin/shared/engines/scale-out/files/file-documents.js';
import { FileUpload } from '@keybin/shared/engines/scale-out/files/file-upload.js';
import { unavailable } from '@keybin/shared/errors.js';
import { newFileId } from '@keybin/shared/ids/file-id.js';
import { LeasedUpload } from '@keybin/shared/uploads/leased-upload.js';
import { sweepFiles } from '@keybin/worker/sweep/sweep-files.js';
import { codeOf } from '../embedded/store.js';
import { services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { times } from '../../world/times.js';
import { sha256 } from './engine-suite.js';

const passes = { erasurePassesMs: [1_000, 60_000] };

describe('the rules of files in MongoDB', () => {
  const given = services();
  let database: Database;
  let documents: FileDocuments;
  /** Current time in ms since 1970. Tests change it. */
  let nowMs: number;
  let names: { readonly userId: string; readonly id: string; readonly name: string };

  before(async () => {
    database = await openDatabase(storePlace(given), 10_000);
    documents = new FileDocuments(database);
  });
  after(() => database?.close());

  beforeEach('an account', async () => {
    nowMs = Date.now();
    names = { userId: randomUUID(), id: newFileId(nowMs * 1_000), name: 'name' };
    const number = Math.floor(Math.random() * 2 ** 40);
    await database.users.insertOne({
      _id: new ObjectId(),
      user_id: names.userId,
      number,
      username: names.userId,
      password: 'hash',
      created_at: new Date(),
    });
  });

  async function begin(insert?: FileChunks['insert']): Promise<LeasedUpload> {
    const chunks = new FileChunks(database);
    const clock = {
      get timeUs() {
        return nowMs * 1_000;
      },
    };
    const used = insert ? Object.assign(chunks, { insert }) : chunks;
    const parts = { documents, chunks: used, clock, roomBytes: 2 ** 30, times };
    const room = { neededBytes: 2 ** 20, wantedBytes: 2 ** 24 };
    const { target, heldBytes } = await FileUpload.begin(parts, names, room);
    return new LeasedUpload(target, { fileBytes: 2 ** 24, blockBytes: chunkBytes, heldBytes }, times);
  }

  const sweepAt = (ms: number) => sweepFiles(new Date(ms), { documents, chunks: database.chunks, times: passes });

  const chunksLeft = () => database.chunks.countDocuments({ files_id: new ObjectId(names.id) });
  const documentsLeft = () => database.files.countDocuments({ _id: new ObjectId(names.id) });

  /** Inserts a chunk, as if it reached MongoDB after its client had given up. */
  const insertLate = () =>
    database.chunks.insertOne({
      _id: `${names.userId}/${names.id}/00000009`,
      files_id: new ObjectId(names.id),
      n: 9,
      data: new Binary(Buffer.from('late')),
    });

  it('a file is one of GridFS, which its own tools read', async () => {
    const bytes = randomBytes(3 * chunkBytes + 5);
    const upload = await begin();
    await upload.write(bytes);
    await upload.finish();
    const parts: Buffer[] = [];
    const bucket = new GridFSBucket(database.files.db, { bucketName: 'files' });
    for await (const part of bucket.openDownloadStream(new ObjectId(names.id))) parts.push(part as Buffer);
    expect(sha256(Buffer.concat(parts))).to.equal(sha256(bytes));
  });

  it('a chunk that comes late to an upload of which not all is known is removed by a later pass', async () => {
    const upload = await begin(() => Promise.reject(unavailable(new Error('no answer'))));
    await upload.write(randomBytes(chunkBytes));
    expect(await codeOf(upload.finish())).to.equal('unavailable');
    await sweepAt(nowMs);
    await insertLate();
    await sweepAt(nowMs + 500);
    expect(await chunksLeft()).to.equal(1);
    await sweepAt(nowMs + 1_000);
    expect([await chunksLeft(), await documentsLeft()]).to.deep.equal([0, 1]);
    await sweepAt(nowMs + 86_400_000);
    expect(await documentsLeft()).to.equal(0);
  });

  it('an upload of which all is known is removed in one pass', async () => {
    const upload = await begin();
    await upload.write(randomBytes(2 * chunkBytes));
    await upload.abort();
    await sweepAt(nowMs);
    expect([await chunksLeft(), await documentsLeft()]).to.deep.equal([0, 0]);
  });

  it('an expired lease ends the upload, a renewed one does not', async () => {
    const upload = await begin();
    await upload.write(randomBytes(2 * chunkBytes));
    nowMs += 15_000;
    await documents.hold(names.id, 2 ** 20, new Date(nowMs + 20_000));
    await sweepAt(nowMs + 10_000);
    expect((await database.files.findOne({ _id: new ObjectId(names.id) }))?.metadata.state).to.equal('uploading');
    await sweepAt(nowMs + 20_000);
    expect(await codeOf(upload.finish())).to.equal('unavailable');
    await sweepAt(nowMs + 20_000);
    expect(await chunksLeft()).to.equal(0);
    expect(await documents.find(names.id)).to.equal(undefined);
  });

  it('an upload whose account is deleted between its last byte and its end removes itself', async () => {
    const upload = await begin();
    await upload.write(randomBytes(2 * chunkBytes));
    await database.users.deleteOne({ user_id: names.userId });
    expect(await codeOf(upload.finish())).to.equal('invalid_token');
    expect(await documents.find(names.id)).to.equal(undefined);
    await sweepAt(nowMs);
    expect([await chunksLeft(), await documentsLeft()]).to.deep.equal([0, 0]);
  });
});
