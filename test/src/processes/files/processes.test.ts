import { MongoClient } from 'mongodb';
import { count, ownParts, type Parts } from '../../unit/embedded/parts.js';
import { closeStores } from '../../unit/embedded/store.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { shortLeases } from '../../world/times.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { filesIn } from '../../unit/files/files-in.js';
import { filesOfProcesses } from './process-suite.js';

describe('uploads to the embedded engine, several API processes in one directory,', () => {
  const directory = temporaryDirectory();
  const env = { KEYBIN_STORE_HOST: `lmdb://${directory}`, KEYBIN_APP_PROCESSES: '2' };
  const apis: ApiProcess[] = [];
  let parts: Parts;

  before(async () => {
    for (let api = 0; api < 2; api++) apis.push(await spawnApi({ env, times: shortLeases }));
    parts = ownParts(directory);
  });
  after(async () => {
    await closeStores();
    await Promise.all(apis.map((api) => api.stop()));
  });

  filesOfProcesses({
    get here() {
      return new KeybinClient(apis[0]?.url ?? '');
    },
    get there() {
      return new KeybinClient(apis[1]?.url ?? '');
    },
    startAnother: (settings) => spawnApi({ env: { ...env, ...settings }, times: shortLeases }),
    pieces: async () => {
      const { uploads, fileOwners, files, fileRoom } = parts.databases;
      const records = [uploads, fileOwners, files, fileRoom].reduce((sum, database) => sum + count(database), 0);
      return records + filesIn(directory).length;
    },
  });
});

describe('uploads to the scale-out engine, several API processes and a worker,', () => {
  const world = new ScaleOutProcesses({ services, workers: 1, times: shortLeases });
  let mongo: MongoClient;
  before(async () => {
    mongo = await new MongoClient(world.services.mongoUrl).connect();
  });
  after(() => mongo?.close());

  filesOfProcesses({
    get here() {
      return world.here;
    },
    get there() {
      return world.there;
    },
    startAnother: (settings) => world.startApi(settings),
    pieces: async () => {
      const db = mongo.db(world.services.database);
      // Files already removed are checked again for a day
      const files = await db.collection('files.files').countDocuments({ 'metadata.state': { $ne: 'removed' } });
      return files + (await db.collection('files.chunks').countDocuments());
    },
  });
});
