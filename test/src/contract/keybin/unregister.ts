import { expect } from 'chai';
import {
  expectDone,
  expectInvalidCredentials,
  expectInvalidToken,
  expectKeys,
  expectNoKey,
  expectValue,
} from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';

export function unregisterContract(subject: Subject): void {
  describe('unregister', () => {
    it('ends every token of the account at once, for every process', async () => {
      const { username, password, token } = await subject.here.newAccount();
      const phone = await subject.there.logIn(username, password, 'phone');
      expectDone(await subject.here.put(token, 'a', 1));
      expectValue(await subject.there.get(phone, 'a'), 1);
      expectDone(await subject.here.unregister(username, password));
      for (const api of [subject.there, subject.here]) {
        for (const dead of [token, phone]) {
          expectInvalidToken(await api.get(dead, 'a'));
          expectInvalidToken(await api.put(dead, 'a', 2));
          expectInvalidToken(await api.delete(dead, 'a'));
          expectInvalidToken(await api.keys(dead));
        }
        expectInvalidCredentials(await api.token(username, password));
        expectInvalidCredentials(await api.unregister(username, password));
      }
    });

    it('frees the name at once, and the new account of that name starts empty and stays empty', async () => {
      const { username, password, token } = await subject.here.newAccount();
      for (const key of ['a', 'b']) expectDone(await subject.here.put(token, key, 'old'));
      await subject.settle();
      expectDone(await subject.here.put(token, 'b', 'older'));
      expectDone(await subject.there.put(token, 'c', 'old'));
      expectDone(await subject.there.unregister(username, password));
      const again = await subject.here.newAccount(username, 'another password');
      const look = async () => {
        expectInvalidToken(await subject.there.keys(token));
        for (const api of [subject.there, subject.here]) {
          for (const key of ['a', 'b']) expectNoKey(await api.get(again.token, key), key);
        }
      };
      await look();
      expectKeys(await subject.there.keys(again.token), []);
      expectDone(await subject.there.put(again.token, 'c', 'new'));
      await subject.settle();
      await look();
      expectKeys(await subject.here.keys(again.token), ['c']);
      expectValue(await subject.here.get(again.token, 'c'), 'new');
      expectInvalidCredentials(await subject.there.token(username, password));
    });

    it('changes nothing with a wrong password', async () => {
      const { username, token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 1));
      expectInvalidCredentials(await subject.there.unregister(username, 'wrong'));
      expectInvalidCredentials(await subject.there.unregister(`${username}x`, 'correct horse'));
      expectValue(await subject.there.get(token, 'a'), 1);
    });

    it('leaves other accounts unchanged', async () => {
      const [ann, bob] = [await subject.here.newAccount(), await subject.here.newAccount()];
      for (const { token } of [ann, bob]) expectDone(await subject.here.put(token, 'a', 1));
      expectDone(await subject.there.unregister(ann.username, ann.password));
      expectValue(await subject.here.get(bob.token, 'a'), 1);
      await subject.settle();
      expectValue(await subject.there.get(bob.token, 'a'), 1);
    });

    it('wins over writes in flight: each is acknowledged or refused, and none exists afterwards', async () => {
      const { username, password, token } = await subject.here.newAccount();
      const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
      const writes = keys.map((key, index) => alternately(subject, index).put(token, key, 'old'));
      const ended = subject.there.unregister(username, password);
      const late = keys.map((key, index) => alternately(subject, index).put(token, `late${key}`, 'old'));
      for (const answer of await Promise.all([...writes, ...late])) expect([200, 403, 503]).to.include(answer.status);
      expectDone(await ended);
      const again = await subject.here.newAccount(username, password);
      expectKeys(await subject.there.keys(again.token), []);
      await subject.settle();
      expectKeys(await subject.there.keys(again.token), []);
      expectInvalidToken(await subject.here.keys(token));
    });
  });
}
