import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { expectDone, expectError, expectInvalidCredentials } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';

export function registrationContract(subject: Subject): void {
  describe('registration', () => {
    it('creates an account that every process knows at once', async () => {
      const name = `ann-${randomUUID()}`;
      expectDone(await subject.here.register(name, 'secret'));
      expect((await subject.there.token(name, 'secret')).status).to.equal(200);
    });

    it('refuses a taken name through every process, and leaves its password unchanged', async () => {
      const name = `bob-${randomUUID()}`;
      expectDone(await subject.here.register(name, 'first'));
      for (const api of [subject.here, subject.there]) {
        expectError(await api.register(name, 'second'), 409, 'User already registered');
      }
      expectInvalidCredentials(await subject.there.token(name, 'second'));
      expect((await subject.there.token(name, 'first')).status).to.equal(200);
    });

    it('gives a name to exactly one of many concurrent clients', async () => {
      const name = `cat-${randomUUID()}`;
      const passwords = Array.from({ length: 8 }, (_, index) => `password ${index}`);
      const answers = await Promise.all(
        passwords.map((password, index) => alternately(subject, index).register(name, password)),
      );
      expect(answers.map((answer) => answer.status)).to.have.members([200, ...Array(7).fill(409)]);
      const winner = passwords[answers.findIndex((answer) => answer.status === 200)];
      expect((await subject.there.token(name, winner)).status).to.equal(200);
    });

    it('accepts names and passwords in any script, and distinguishes names by every character', async () => {
      const id = randomUUID();
      const names = [
        `Ünïcödé-${id}`,
        `ünïcödé-${id}`,
        `名前 🗝 ${id}`,
        `${id}$.{"a":1}`,
        `${id}/../x`,
        '__proto__',
        'constructor',
      ];
      for (const name of names) expectDone(await subject.here.register(name, `пароль ${name}`.slice(0, 30)));
      for (const name of names) {
        expect((await subject.there.token(name, `пароль ${name}`.slice(0, 30))).status, name).to.equal(200);
        expectDone(await subject.there.unregister(name, `пароль ${name}`.slice(0, 30)));
      }
    });

    it('takes a name of 256 bytes and a password of 72', async () => {
      const name = `${randomUUID()}${'é'.repeat(110)}`;
      expect(Buffer.byteLength(name)).to.equal(256);
      expectDone(await subject.here.register(name, 'ß'.repeat(36)));
      expectInvalidCredentials(await subject.there.token(name, 'ß'.repeat(35)));
      expect((await subject.there.token(name, 'ß'.repeat(36))).status).to.equal(200);
    });
  });
}
