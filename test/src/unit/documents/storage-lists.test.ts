import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { storageLists } from '@keybin/shared/documents/storage-lists.js';
import {
  bytesKey,
  clockKey,
  epochKey,
  pendingKey,
  redisKeys,
  slotsKey,
  tokenIndexKey,
  tokensKey,
  waitingKey,
} from '@keybin/shared/engines/scale-out/redis/keys.js';
import { expectOk } from '../../world/clients/keybin-client.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';

const page = readFileSync(new URL('../../../../docs/storage.md', import.meta.url), 'utf8');

describe('docs/storage.md (npm run settings writes it anew)', () => {
  for (const [name, list] of Object.entries(storageLists)) {
    it(`has the current list of ${name}`, () => {
      expect(page).to.include(`<!-- ${name} -->\n\n${list()}\n\n<!-- /${name} -->`);
    });
  }
});

describe('the list of Redis keys', () => {
  const world = new ScaleOutWorld({ services, workers: 1 });

  it('has each key that use leaves behind, and its type', async () => {
    const ann = await world.here.newAccount();
    for (const key of ['kept', 'deleted']) expectOk(await world.here.put(ann.token, key, 1));
    await world.drained();
    expectOk(await world.here.delete(ann.token, 'deleted'));
    expect((await world.here.token(ann.username, 'wrong')).status).to.equal(403);
    await world.drained();
    await world.pauseWorkers();
    expectOk(await world.here.put(ann.token, 'pending', 1));

    const redis = new Redis(world.services.redisUrl);
    try {
      const keys = await redis.keys('*');
      const seen = await Promise.all(
        keys.map(async (key) => {
          const type = await redis.type(key);
          return redisKeys.find((each) => matches(key, each.pattern) && [type, 'several'].includes(each.type))?.pattern;
        }),
      );
      expect(keys.filter((_key, index) => seen[index] === undefined)).to.deep.equal([]);
      const names = [clockKey, waitingKey, bytesKey, slotsKey, epochKey].map((name) => name('{kb:<queue>:p}'));
      const ofUsers = [pendingKey, tokensKey].map((name) => name('{kb:<queue>:p}', '<user>'));
      expect(seen).to.include.members([...names, ...ofUsers, tokenIndexKey('{kb:<queue>:q}', '<hash>')]);
    } finally {
      redis.disconnect();
    }
  });
});

function matches(key: string, pattern: string): boolean {
  const source = pattern
    .replace(/[{}]/g, '\\$&')
    .replace(/:[pq]\\\}/, ':\\d+\\}')
    .replace(/<[^>]+>/g, '.+');
  return new RegExp(`^${source}$`).test(key);
}
