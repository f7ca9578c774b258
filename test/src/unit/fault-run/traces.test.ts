import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { pendingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { expectDone } from '../../contract/subjects/answers.js';
import { prefixIn } from '../../world/services/queue-prefix.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { operationsOf, traceInMongo, traceInRedis } from '../../fault-run/checkers/traces.js';

describe('the file to which Redis appends', () => {
  it('is read up to its end while Redis writes to it', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'appendonlydir'));
    const whole = '*3\r\n$4\r\nHDEL\r\n$4\r\nhash\r\n$1\r\nk\r\n';
    for (const half of ['', '*', '*3', '*3\r\n', '*3\r\n$4\r\nHD', '*3\r\n$4\r\nHDEL\r\n$4']) {
      writeFileSync(join(directory, 'appendonlydir', 'appendonly.aof.1.incr.aof'), whole + half);
      expect(traceInRedis(directory, 'hash', 'k'), half).to.deep.equal(['Redis: HDEL']);
    }
  });
});

describe('the report of an entry that was lost or read stale', () => {
  const world = new ScaleOutWorld({ services: ownServices, workers: 1 });

  it('has everything that Redis and MongoDB did with it, in order', async () => {
    const { username, token } = await world.here.newAccount();
    const { redis, mongoUrl, database } = world.services;
    const client = await new MongoClient(mongoUrl).connect();
    try {
      const user = await client.db(database).collection('users').findOne({ username });
      expectDone(await world.here.put(token, 'other', 'value'));
      for (const value of ['first', 'second']) {
        expectDone(await world.here.put(token, 'k', value));
        await world.drained();
      }
      expectDone(await world.here.delete(token, 'k'));
      await world.drained();
      const hash = pendingKey(await prefixIn(redis.url), String(user?.['user_id']));
      const whatInRedis = traceInRedis(redis.dir, hash, 'k');
      const whatInMongo = traceInMongo(await operationsOf(client, database, `${user?.['user_id']}/k`));
      const changes = ['put first', 'put second', 'deleted'];
      expect(whatInRedis.map((line) => line.replace(/ of \d+ ms$/, ''))).to.deep.equal(
        changes.flatMap((change) => [`Redis: HSET, ${change}`, 'Redis: HDEL']),
      );
      expect(whatInMongo.map((line) => line.replace(/^MongoDB at \d+ ms: (.*) of \d+ ms$/, '$1'))).to.deep.equal(
        changes,
      );
    } finally {
      await client.close();
    }
  });
});
