import { expect } from 'chai';
import { expectDone, expectInvalidToken, expectKeys, expectNoKey, expectValue } from './subjects/answers.js';
import { concurrencyContract } from './keybin/concurrency.js';
import { entriesContract } from './keybin/entries.js';
import { keysContract } from './keybin/keys.js';
import { scaleOutSubject } from './subjects/scale-out-subject.js';
import { unregisterContract } from './keybin/unregister.js';
import { valuesContract } from './keybin/values.js';
import { ScaleOutWorld } from '../world/services/scale-out-world.js';
import { services } from '../world/services/services.js';
import { storedDocuments } from '../world/services/stored-documents.js';

describe('the scale-out engine, two APIs', () => {
  describe('while no worker runs', () => {
    const subject = scaleOutSubject(new ScaleOutWorld({ services }), async () => {});
    entriesContract(subject);
    keysContract(subject);
    valuesContract(subject);
    concurrencyContract(subject);
    unregisterContract(subject);
  });

  describe('and a worker that starts late', () => {
    const world = new ScaleOutWorld({ services });

    it('shows acknowledged writes before and after the worker', async () => {
      const { token } = await world.here.newAccount();
      for (let turn = 0; turn < 50; turn++) {
        expectDone(await world.here.put(token, 'hot', turn));
        expectDone(await world.there.put(token, `key_${turn}`, { turn }));
      }
      for (let turn = 0; turn < 50; turn += 2) expectDone(await world.here.delete(token, `key_${turn}`));
      const keys = ['hot', ...Array.from({ length: 25 }, (_, index) => `key_${2 * index + 1}`)];
      const look = async () => {
        expectValue(await world.there.get(token, 'hot'), 49);
        expectKeys(await world.there.keys(token), keys);
        for (let turn = 1; turn < 50; turn += 2) expectValue(await world.here.get(token, `key_${turn}`), { turn });
        for (let turn = 0; turn < 50; turn += 2) expectNoKey(await world.here.get(token, `key_${turn}`), `key_${turn}`);
      };
      await look();
      const worker = await world.startWorker();
      await look();
      await world.drained();
      await look();
      await worker.stop();
    });

    it('keeps accounts erased that were erased before it started', async () => {
      const { username, password, token } = await world.here.newAccount();
      for (let turn = 0; turn < 30; turn++) expectDone(await world.here.put(token, `key_${turn}`, 'erased'));
      expectDone(await world.there.unregister(username, password));
      const again = await world.there.newAccount(username, password);
      expectDone(await world.here.put(again.token, 'key_1', 'new'));
      const look = async () => {
        expectInvalidToken(await world.here.keys(token));
        expectKeys(await world.here.keys(again.token), ['key_1']);
        expectValue(await world.there.get(again.token, 'key_1'), 'new');
      };
      await look();
      const worker = await world.startWorker();
      await world.drained();
      await look();
      await worker.stop();
    });

    it('leaves no document of an erased account that it had stored', async () => {
      const { username, password, token } = await world.here.newAccount();
      for (let turn = 0; turn < 30; turn++) expectDone(await world.here.put(token, `gone_${turn}`, 'erased'));
      const worker = await world.startWorker();
      await world.drained();
      expect(await storedDocuments(world.services, /\/gone_/)).to.have.length(30);
      expectDone(await world.there.unregister(username, password));
      await world.drained();
      expect(await storedDocuments(world.services, /\/gone_/)).to.deep.equal([]);
      await worker.stop();
    });
  });
});
