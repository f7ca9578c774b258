import { expectDone, expectKeys, expectNoKey, expectValue } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';

export function entriesContract(subject: Subject): void {
  describe('entries', () => {
    it('are read at once through every process, and the same later', async () => {
      const { token } = await subject.here.newAccount();
      for (let turn = 0; turn < 20; turn++) {
        expectDone(await subject.here.put(token, 'a', turn));
        expectValue(await subject.there.get(token, 'a'), turn);
        expectValue(await subject.here.get(token, 'a'), turn);
      }
      await subject.settle();
      expectValue(await subject.there.get(token, 'a'), 19);
      expectValue(await subject.here.get(token, 'a'), 19);
    });

    it('are overwritten by the next write through any process', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 'first'));
      await subject.settle();
      expectDone(await subject.there.put(token, 'a', 'second'));
      expectValue(await subject.here.get(token, 'a'), 'second');
      await subject.settle();
      expectValue(await subject.here.get(token, 'a'), 'second');
      expectDone(await subject.here.put(token, 'a', 'first'));
      expectValue(await subject.there.get(token, 'a'), 'first');
    });

    it('are not found unless they were written', async () => {
      const { token } = await subject.here.newAccount();
      expectNoKey(await subject.there.get(token, 'nothing'), 'nothing');
      expectDone(await subject.here.put(token, 'a', 1));
      for (const key of ['A', 'a.', 'aa']) expectNoKey(await subject.there.get(token, key), key);
    });

    it('belong to their account alone', async () => {
      const [ann, bob] = [await subject.here.newAccount(), await subject.there.newAccount()];
      expectDone(await subject.here.put(ann.token, 'a', 'of Ann'));
      expectNoKey(await subject.here.get(bob.token, 'a'), 'a');
      expectDone(await subject.there.put(bob.token, 'a', 'of Bob'));
      await subject.settle();
      expectValue(await subject.there.get(ann.token, 'a'), 'of Ann');
      expectDone(await subject.there.delete(bob.token, 'a'));
      expectValue(await subject.here.get(ann.token, 'a'), 'of Ann');
    });

    it('are deleted at once through every process, and stay deleted', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      expectDone(await subject.here.put(token, 'b', 2));
      expectDone(await subject.there.delete(token, 'a'));
      for (const look of ['now', 'later']) {
        for (const api of [subject.here, subject.there]) {
          expectNoKey(await api.get(token, 'a'), 'a');
          expectNoKey(await api.delete(token, 'a'), 'a');
          expectKeys(await api.keys(token), ['b']);
        }
        if (look === 'now') await subject.settle();
      }
    });

    it('that were stored long ago are deleted as well', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      await subject.settle();
      expectDone(await subject.there.delete(token, 'a'));
      expectNoKey(await subject.here.get(token, 'a'), 'a');
      expectNoKey(await subject.here.delete(token, 'a'), 'a');
      await subject.settle();
      expectNoKey(await subject.here.get(token, 'a'), 'a');
      expectNoKey(await subject.here.delete(token, 'a'), 'a');
    });

    it('can be written again after they were deleted', async () => {
      const { token } = await subject.here.newAccount();
      for (const value of ['first', 'second', 'third']) {
        expectDone(await subject.here.put(token, 'a', value));
        expectValue(await subject.there.get(token, 'a'), value);
        if (value === 'second') await subject.settle();
        expectDone(await subject.there.delete(token, 'a'));
        if (value === 'first') await subject.settle();
      }
      expectDone(await subject.there.put(token, 'a', 'last'));
      await subject.settle();
      expectValue(await subject.here.get(token, 'a'), 'last');
    });

    it('cannot be deleted unless they are there', async () => {
      const { token } = await subject.here.newAccount();
      expectNoKey(await subject.here.delete(token, 'nothing'), 'nothing');
      expectKeys(await subject.there.keys(token), []);
    });

    it('survive a new token of their client', async () => {
      const { username, password, token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      const next = await subject.there.logIn(username, password);
      expectValue(await subject.here.get(next, 'a'), 1);
    });

    it('are all kept if many are written concurrently', async () => {
      const { token } = await subject.here.newAccount();
      const keys = Array.from({ length: 400 }, (_, index) => `key_${index}`);
      const writes = keys.map((key, index) => alternately(subject, index).put(token, key, { key, index }));
      for (const answer of await Promise.all(writes)) expectDone(answer);
      expectKeys(await subject.there.keys(token), keys);
      await subject.settle();
      expectKeys(await subject.here.keys(token), keys);
      const values = await Promise.all(keys.map((key) => subject.there.get(token, key)));
      values.forEach((answer, index) => expectValue(answer, { key: keys[index], index }));
    });
  });
}
