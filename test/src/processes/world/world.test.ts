import { expect } from 'chai';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { startMongod } from '../../world/services/mongo-server.js';
import { startRedis } from '../../world/services/redis-server.js';
import { ownServers } from '../../world/services/services.js';

describe('the test world', () => {
  ownServers('redis-server', 'mongod');

  it('starts a redis-server that keeps its data through kill -9 and a new start', async () => {
    const server = await startRedis();
    const first = new Redis(server.url);
    await first.set('a', '1');
    first.disconnect();
    await server.kill('SIGKILL');
    await server.start();
    const second = new Redis(server.url);
    expect(await second.get('a')).to.equal('1');
    second.disconnect();
    await server.stop();
  });

  it('starts a mongod that keeps its data through kill -9 and a new start', async () => {
    const server = await startMongod();
    const first = await MongoClient.connect(server.url);
    await first
      .db('test')
      .collection('test')
      .insertOne({ a: 1 }, { writeConcern: { w: 'majority' } });
    await first.close();
    await server.kill('SIGKILL');
    await server.start();
    const second = await MongoClient.connect(server.url);
    expect(await second.db('test').collection('test').countDocuments()).to.equal(1);
    await second.close();
    await server.stop();
  });
});
