import { expectDone, expectJson, expectKeys, expectNoKey, expectValue } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

export function keysContract(subject: Subject): void {
  describe('keys', () => {
    it('of a new account are an empty list', async () => {
      const { token } = await subject.here.newAccount();
      expectJson(await subject.there.keys(token), '{"keys":[]}');
    });

    it('are listed as soon as they are written, each once', async () => {
      const { token } = await subject.here.newAccount();
      for (const key of ['b', 'a', 'c', 'a', 'B']) expectDone(await subject.here.put(token, key, key));
      expectKeys(await subject.there.keys(token), ['B', 'a', 'b', 'c']);
      await subject.settle();
      expectKeys(await subject.there.keys(token), ['B', 'a', 'b', 'c']);
      expectDone(await subject.there.put(token, 'd', 'd'));
      expectDone(await subject.there.delete(token, 'b'));
      expectDone(await subject.there.put(token, 'a', 'again'));
      expectKeys(await subject.here.keys(token), ['B', 'a', 'c', 'd']);
      await subject.settle();
      expectKeys(await subject.here.keys(token), ['B', 'a', 'c', 'd']);
    });

    it('are listed whole and in order when they are thousands, pending or not', async () => {
      const { token } = await subject.here.newAccount();
      const keys = Array.from({ length: 2_100 }, (_, index) => `key_${index}`);
      const write = async (some: readonly string[]) => {
        for (let at = 0; at < some.length; at += 100) {
          const answers = await Promise.all(some.slice(at, at + 100).map((key) => subject.here.put(token, key, 1)));
          for (const answer of answers) expectDone(answer);
        }
      };
      await write(keys);
      expectKeys(await subject.there.keys(token), keys.toSorted());
      await subject.settle();
      await write(keys.slice(0, 1_050));
      expectKeys(await subject.there.keys(token), keys.toSorted());
    });

    it('may contain any of the characters a-z A-Z 0-9 _ . , in any place', async () => {
      const { token } = await subject.here.newAccount();
      const keys = ['__proto__', 'constructor', 'toString', '.', '..', ',', '_', '0', '1e3', '_id', 'A'];
      for (const key of keys) expectDone(await subject.here.put(token, key, { key }));
      for (const look of ['now', 'later']) {
        expectKeys(await subject.there.keys(token), keys);
        for (const key of keys) expectValue(await subject.there.get(token, key), { key });
        if (look === 'now') await subject.settle();
      }
      for (const key of keys) expectDone(await subject.there.delete(token, key));
      for (const key of keys) expectNoKey(await subject.here.get(token, key), key);
      expectKeys(await subject.here.keys(token), []);
    });

    it('may have 512 bytes, and all of them count', async () => {
      const { token } = await subject.here.newAccount();
      const [one, other] = [`${'k'.repeat(511)}1`, `${'k'.repeat(511)}2`];
      expectDone(await subject.here.put(token, one, 1));
      expectNoKey(await subject.there.get(token, other), other);
      expectDone(await subject.here.put(token, other, 2));
      await subject.settle();
      expectValue(await subject.there.get(token, one), 1);
      expectValue(await subject.there.get(token, other), 2);
      expectKeys(await subject.there.keys(token), [one, other]);
    });
  });
}
