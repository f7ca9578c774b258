import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { expectDone } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { basic, expectGreeting, expectUnauthorized, getAs, postUser } from './calls.js';

const paths = ['/api/token', '/api/resource'];

export function basicContract(subject: Subject): void {
  describe('Basic authentication', () => {
    it('greets a client that sends a name with its password', async () => {
      for (const name of [`miguel-${randomUUID()}`, `Ünïcödé 名前 ${randomUUID()}`]) {
        const password = 'pass:wörd:';
        expect((await postUser(subject.here, { username: name, password })).status).to.equal(201);
        expectGreeting(await getAs(subject.there, '/api/resource', name, password), name);
      }
    });

    it('is read as Latin-1 if it is not UTF-8', async () => {
      const [username, password] = [`Müller ${randomUUID()}`, 'pässword'];
      expectDone(await subject.here.register(username, password));
      const greet = (text: string, encoding: BufferEncoding) => {
        const authorization = `Basic ${Buffer.from(text, encoding).toString('base64')}`;
        return subject.there.send('GET', '/api/resource', { headers: { authorization } });
      };
      for (const encoding of ['latin1', 'utf8'] as const) {
        expectGreeting(await greet(`${username}:${password}`, encoding), username);
        expectUnauthorized(await greet(`${username}:${password}ö`, encoding));
      }
    });

    it('refuses a wrong password, an unknown name, and a deleted account', async () => {
      const { username, password } = await subject.here.newAccount();
      const impossible = [
        [username, ''],
        ['', password],
        ['', ''],
        [username, `${password}\0`],
        [username, 'x'.repeat(73)],
        [`${username}\n`, password],
        ['x'.repeat(5_000), password],
      ] as const;
      for (const path of paths) {
        expectUnauthorized(await getAs(subject.there, path, username, 'wrong'));
        expectUnauthorized(await getAs(subject.there, path, `${username}x`, password));
        for (const [name, word] of impossible) expectUnauthorized(await getAs(subject.there, path, name, word));
      }
      expectDone(await subject.here.unregister(username, password));
      for (const path of paths) expectUnauthorized(await getAs(subject.there, path, username, password));
    });

    it('refuses other schemes than Basic authentication', async () => {
      const { username, password, token } = await subject.here.newAccount();
      const good = basic(username, password);
      const bad = [
        '',
        'Basic',
        'Basic ',
        'Basic !',
        'Basic bm9jb2xvbg==',
        `Bearer ${token}`,
        `Digest ${good}`,
        `x${good}`,
      ];
      for (const path of paths) {
        expectUnauthorized(await subject.here.send('GET', path));
        for (const authorization of bad) {
          expectUnauthorized(await subject.here.send('GET', path, { headers: { authorization } }));
        }
        const headers = { authorization: good.replace('Basic', 'bAsIc') };
        expect((await subject.here.send('GET', path, { headers })).status).to.equal(200);
      }
    });

    it('does not accept a token of the key/value dialect as a name or password', async () => {
      const { username, token } = await subject.here.newAccount();
      for (const path of paths) {
        expectUnauthorized(await getAs(subject.here, path, token, 'x'));
        expectUnauthorized(await getAs(subject.here, path, username, token));
      }
    });
  });
}
