import { MongoClient } from 'mongodb';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { openScaleOutEngine } from '@keybin/shared/engines/scale-out/engine.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { FileDocuments } from '@keybin/shared/engines/scale-out/files/file-documents.js';
import { RedisAccountMarks } from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import { eraseDocuments } from '@keybin/worker/sweep/erase-documents.js';
import { repeatErasures } from '@keybin/worker/sweep/repeat-erasures.js';
import { sweepFiles } from '@keybin/worker/sweep/sweep-files.js';
import { fileBytes, fileBytesPerAccount } from '../embedded/store.js';
import { connected, only, silent } from '../../world/scale-out/staged.js';
import { services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { times } from '../../world/times.js';
import { filesSuite } from './engine-suite.js';

describe('files of the scale-out engine', () => {
  const given = services();
  const engines: Engine[] = [];
  let redis: RedisConnection;
  let database: Database;
  let mongo: MongoClient;

  before(async () => {
    const limits = {
      KEYBIN_LIMITS_FILE_BYTES: String(fileBytes),
      KEYBIN_ACCOUNTS_FILE_BYTES_PER_ACCOUNT: String(fileBytesPerAccount),
    };
    const config = loadConfig([], { ...given.env, ...limits });
    for (let count = 0; count < 2; count++) engines.push(await openScaleOutEngine(config, silent));
    redis = connected(given.redisUrl);
    await redis.ready(5_000);
    database = await openDatabase(storePlace(given), 10_000);
    mongo = await new MongoClient(given.mongoUrl).connect();
  });
  after(async () => {
    for (const opened of engines) await opened.close();
    redis?.close();
    await database?.close();
    await mongo?.close();
  });

  const engine = (at: number): Engine => {
    const found = engines[at];
    if (!found) throw new Error('no engine was opened');
    return found;
  };
  const now = () => new Date(redis.timeUs / 1_000);

  filesSuite({
    get here() {
      return engine(0);
    },
    get there() {
      return engine(1);
    },
    sweep: async () => {
      const records = new ErasureRecords(database);
      const marks = new RedisAccountMarks(only(redis), times);
      const erase = (userId: string) => eraseDocuments(database, only(redis), userId);
      await repeatErasures(now(), { records, marks, eraseDocuments: erase, times });
      await sweepFiles(now(), { documents: new FileDocuments(database), chunks: database.chunks, times });
    },
    piecesOf: async ({ userId }: Account) => {
      const db = mongo.db(given.database);
      const files = await db.collection('files.files').countDocuments({ 'metadata.user_id': userId });
      const chunks = await db
        .collection<{ _id: string }>('files.chunks')
        .countDocuments({ _id: { $regex: `^${userId}` } });
      return files + chunks;
    },
  });
});
