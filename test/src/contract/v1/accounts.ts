import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { expectDone } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { expectNoUser, login, newV1Account, view } from './calls.js';

export function accountsContract(subject: Subject): void {
  describe('an account', () => {
    it('is shown to any live token: its name, object id and time, and nothing else', async () => {
      const beganMs = Date.now();
      const owner = await newV1Account(subject.here);
      const { v1Token: stranger } = await newV1Account(subject.here);
      const { object_id: objectId } = (await login(subject.here, owner.username, owner.password)).json as {
        object_id: string; // shape is asserted in sessions.ts
      };
      for (const api of [subject.here, subject.there]) {
        for (const token of [owner.v1Token, stranger]) {
          const answer = await view(api, owner.username, token);
          expect(answer.status, answer.text).to.equal(200);
          const { created_at: createdAt, ...others } = answer.json as { created_at: string };
          expect(others).to.deep.equal({ accout: owner.username, object_id: objectId });
          expect(createdAt).to.equal(new Date(createdAt).toISOString());
          expect(Date.parse(createdAt)).to.be.within(beganMs - 1_000, Date.now() + 1_000);
        }
      }
    });

    it('is found by its percent-encoded name', async () => {
      for (const name of [`a/b?c#d&e=f+g %41 ${randomUUID()}`, `Ünïcödé 名前 ${randomUUID()}`]) {
        const { v1Token: token } = await newV1Account(subject.here, name);
        const answer = await view(subject.there, name, token);
        expect(answer.json).to.have.property('accout', name);
      }
    });

    it('is not found under a name that nobody has or can have', async () => {
      const { username, v1Token: token } = await newV1Account(subject.here);
      for (const name of [`${username}x`, username.toUpperCase(), '\n', '\0', 'x'.repeat(5_000)]) {
        expectNoUser(await view(subject.here, name, token));
      }
      expectNoUser(await subject.here.send('GET', `/v1/users/%zz?token=${token}`));
      expectNoUser(await subject.here.send('GET', `/v1/users/%ff?token=${token}`));
    });

    it('cannot be looked up under the name of a route', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      const registered = [];
      for (const name of ['login', 'logout', 'upload']) {
        const { status } = await subject.here.register(name, 'password');
        if (status === 200) registered.push(name);
        const shown = await view(subject.there, name, token);
        if (name === 'upload') expect(shown.json).to.have.all.keys('files', 'next');
        else expectNoUser(shown);
        expectNoUser(
          await subject.there.send(
            'GET',
            `/v1/users/%${name.charCodeAt(0).toString(16)}${name.slice(1)}?token=${token}`,
          ),
        );
      }
      for (const name of registered) expectDone(await subject.here.unregister(name, 'password'));
    });
  });
}
