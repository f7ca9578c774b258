import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { expectApiError, postUser } from '../api/calls.js';
import { expectDone, expectError } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { askForCode, expectV1Error } from '../v1/calls.js';

const badUsername = 'Username must be 1 to 256 bytes without control characters';
const severalForms = 'Username must be in NFC, without white space at its ends';
const taken = 'User already registered';

/** Defines the tests of names that new accounts may have. */
export function namesContract(subject: Subject): void {
  describe('new usernames', () => {
    it('have no invisible or unassigned characters', async () => {
      const id = randomUUID();
      for (const name of [`${id}\u200b`, `\u202e${id}`, `${id}\u0378`]) {
        expectError(await subject.here.register(name, 'p'), 400, badUsername);
        expectApiError(await postUser(subject.here, { username: name, password: 'p' }), 400, badUsername);
        expectV1Error(await askForCode(subject.here, name), 400, badUsername);
        expectError(await subject.here.token(name, 'p'), 403, 'Invalid credentials'); // an older account may have it
      }
    });

    it('have no colon in /api, which Basic authentication could not send', async () => {
      const name = `a:${randomUUID()}`;
      expectApiError(
        await postUser(subject.here, { username: name, password: 'p' }),
        400,
        "Username must not contain ':'",
      );
      expectDone(await subject.here.register(name, 'p'));
    });

    it('may differ from others in their case or composition alone', async () => {
      const id = randomUUID();
      for (const name of [`Bob é ${id}`, `bob é ${id}`, `bob e\u0301 ${id}`, ` bob é ${id}`]) {
        expectDone(await subject.here.register(name, 'p'));
      }
    });
  });

  describe('[ACCOUNTS] distinct_names = on', () => {
    const apis: RunningApi[] = [];
    const settings = { KEYBIN_ACCOUNTS_DISTINCT_NAMES: 'on' };
    before('an API', async () => {
      apis.push(await subject.startAnother(settings));
    });
    after(() => Promise.all(apis.map((api) => api.stop())));
    const here = () => new KeybinClient(apis[0]?.url ?? '');

    it('refuses a name that differs from another one only in case, width or composition', async () => {
      const id = randomUUID();
      expectDone(await here().register(`Bob é ${id}`, 'p'));
      for (const name of [`bob é ${id}`, `BOB É ${id.toUpperCase()}`, `ｂob é ${id}`]) {
        expectError(await here().register(name, 'p'), 409, taken);
        expectApiError(await postUser(here(), { username: name, password: 'p' }), 400, taken);
      }
      expectDone(await here().register(`rob é ${id}`, 'p'));
    });

    it('refuses a name with several forms', async () => {
      for (const name of [` ${randomUUID()}`, `${randomUUID()} `, `e\u0301 ${randomUUID()}`]) {
        expectError(await here().register(name, 'p'), 400, severalForms);
        expectV1Error(await askForCode(here(), name), 400, severalForms);
      }
    });

    it('gives a name to one of many concurrent clients that write it in different ways', async () => {
      for (let round = 0; round < 5; round++) {
        const name = `cat-${randomUUID()}`;
        const ways = Array.from({ length: 8 }, (_, at) => `${name.slice(0, at).toUpperCase()}${name.slice(at)}`);
        const answers = await Promise.all([...new Set(ways)].map((way) => here().register(way, 'p')));
        expect(answers.map(({ status }) => status).filter((status) => status === 200)).to.have.length(1);
        expect(answers.map(({ status }) => status).filter((status) => status === 409)).to.have.length(
          answers.length - 1,
        );
      }
    });

    it('frees the name with its account', async () => {
      const name = `dan-${randomUUID()}`;
      for (const way of [name, name.toUpperCase(), name]) {
        expectDone(await here().register(way, 'p'));
        expectError(await here().register(way === name ? `D${name.slice(1)}` : name, 'p'), 409, taken);
        expectDone(await here().unregister(way, 'p'));
      }
    });

    it('leaves accounts that clash as they are, and refuses a further one until all are gone', async () => {
      const name = `eve-${randomUUID()}`;
      const open = subject.besides(here());
      if (open.baseUrl === here().baseUrl) return; // its store has only accounts that were made with the setting
      const ways = [name, name.toUpperCase(), `E${name.slice(1)}`];
      for (const way of ways.slice(0, 2)) expectDone(await open.register(way, 'p'));
      for (const way of ways.slice(0, 2)) {
        expect((await here().token(way, 'p')).status).to.equal(200);
        expectError(await here().register(ways[2], 'p'), 409, taken);
        expectDone(await here().unregister(way, 'p'));
      }
      expectDone(await here().register(ways[2], 'p'));
    });
  });
}
