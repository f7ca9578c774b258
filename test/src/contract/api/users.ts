import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { expectDone, expectInvalidCredentials, expectJson } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';
import { expectApiError, expectGreeting, getAs, postUser } from './calls.js';

const notFound = 'User not found';

export function usersContract(subject: Subject): void {
  /** Creates an account and returns its name and number. */
  async function newUser(): Promise<{ readonly username: string; readonly id: number }> {
    const username = `user-${randomUUID()}`;
    return { username, id: idIn(await postUser(subject.here, { username, password: 'python' })) };
  }

  describe('users', () => {
    it('are created with 201, their name, and an absolute URI that every process serves', async () => {
      const username = `miguel-${randomUUID()}`;
      const answer = await postUser(subject.here, { username, password: 'python' });
      expect([answer.status, answer.text]).to.deep.equal([201, JSON.stringify({ username })]);
      expect(answer.headers['content-type']).to.match(/^application\/json\b/);
      const location = String(answer.headers['location']);
      expect(location).to.match(new RegExp(`^${subject.here.baseUrl}/api/users/[1-9]\\d*$`));
      for (const api of [subject.here, subject.there]) {
        expectJson(await api.send('GET', new URL(location).pathname), JSON.stringify({ username }));
      }
    });

    it('have a URI with the host that the client used, or with the address if it sent none', async () => {
      expect(await postRaw(subject.here.baseUrl, 'HTTP/1.1', 'Host: keybin.example:81')).to.match(
        /\r\nLocation: http:\/\/keybin\.example:81\/api\/users\/\d+\r\n/,
      );
      expect(await postRaw(subject.here.baseUrl, 'HTTP/1.0')).to.match(
        new RegExp(`\r\nLocation: ${subject.here.baseUrl}/api/users/\\d+\r\n`),
      );
    });

    it('have a URI by what a trusted proxy forwards, if that is a scheme or a host', async () => {
      const forwarded = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: keybin.example, inner'];
      const wrong = ['X-Forwarded-Proto: javascript', 'X-Forwarded-Host: evil.example/x', 'X-Forwarded-Prefix: /evil'];
      const own = 'Host: a:81';
      expect(locationIn(await postRaw(subject.here.baseUrl, 'HTTP/1.1', own, ...forwarded))).to.equal('http://a:81');
      const api = await subject.startAnother({ KEYBIN_APP_TRUST_PROXY: '1' });
      try {
        for (const [headers, expected] of [
          [forwarded, 'https://keybin.example'],
          [wrong, 'http://a:81'],
          [['X-Forwarded-Proto: https"><', 'X-Forwarded-Host: a b'], 'http://a:81'],
          [['X-Forwarded-Proto: HTTPS', 'X-Forwarded-Host: b:443'], 'https://b'],
        ] as const) {
          const received = await postRaw(api.url, 'HTTP/1.1', own, ...headers);
          expect(locationIn(received), String(headers)).to.equal(expected);
          expect(received).not.to.match(/evil|javascript|"></);
        }
      } finally {
        await api.stop();
      }
    });

    it('have a URI that begins with the configured one, whatever the client and proxies say', async () => {
      const api = await subject.startAnother({
        KEYBIN_APP_TRUST_PROXY: '1',
        KEYBIN_APP_PUBLIC_URL: 'https://keybin.example/base/',
      });
      try {
        const headers = ['Host: evil.example', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: evil.example'];
        const received = await postRaw(api.url, 'HTTP/1.1', ...headers);
        expect(locationIn(received)).to.equal('https://keybin.example/base');
        expect(received).not.to.include('evil');
        expect(locationIn(await postRaw(api.url, 'HTTP/1.0'))).to.equal('https://keybin.example/base');
      } finally {
        await api.stop();
      }
    });

    it('are accounts of the other dialects, and vice versa', async () => {
      const { username } = await newUser();
      const token = await subject.there.logIn(username, 'python');
      expectDone(await subject.here.put(token, 'a', 1));
      const other = await subject.here.newAccount();
      expectGreeting(await getAs(subject.there, '/api/resource', other.username, other.password), other.username);
    });

    it('have increasing numbers that are never reused', async () => {
      const first = await newUser();
      await subject.here.newAccount(); // takes a number, too
      const second = await newUser();
      expect(second.id).to.be.at.least(first.id + 2);
      expectDone(await subject.there.unregister(second.username, 'python'));
      const again = await postUser(subject.here, { username: second.username, password: 'python' });
      expect(idIn(again)).to.be.greaterThan(second.id);
      for (const api of [subject.here, subject.there]) {
        expectApiError(await api.send('GET', `/api/users/${second.id}`), 400, notFound);
      }
    });

    it('are refused with 400 if the name is taken in any dialect, and the password stays', async () => {
      const { username, password } = await subject.here.newAccount();
      for (const api of [subject.here, subject.there]) {
        expectApiError(await postUser(api, { username, password: 'other' }), 400, 'User already registered');
      }
      expectInvalidCredentials(await subject.here.token(username, 'other'));
      expect((await subject.here.token(username, password)).status).to.equal(200);
    });

    it('are created once if many clients register one name at the same time', async () => {
      const username = `race-${randomUUID()}`;
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => postUser(alternately(subject, index), { username, password: 'p' })),
      );
      expect(answers.map(({ status }) => status)).to.have.members([201, ...Array(7).fill(400)]);
    });

    it('that do not exist are 400, and paths that are no integer 404', async () => {
      for (const id of ['0', '999999999', '9007199254740993', '9'.repeat(400), '00']) {
        expectApiError(await subject.here.send('GET', `/api/users/${id}`), 400, notFound);
      }
      for (const id of ['-1', '+1', '1.0', '1e3', '0x1', 'x', '%20', '%zz', "1'", '1%00', '%D9%A1', '$gt']) {
        expectApiError(await subject.here.send('GET', `/api/users/${id}`), 404, 'Not found');
      }
    });
  });
}

function idIn(answer: Answer): number {
  const [, id] = /\/api\/users\/(\d+)$/.exec(String(answer.headers['location'])) ?? [];
  if (answer.status !== 201 || !id) throw new Error(`Answered ${answer.status}: ${answer.text}`);
  return Number(id);
}

/** Returns what stands before the path of a user in `Location`. */
const locationIn = (received: string) => /\r\nLocation: (\S+)\/api\/users\/\d+\r\n/.exec(received)?.[1];

/** Creates a user and returns the raw answer, head and body. */
async function postRaw(url: string, version: string, ...headers: string[]): Promise<string> {
  const text = JSON.stringify({ username: randomUUID(), password: 'p' });
  const lines = [`POST /api/users ${version}`, ...headers, 'Content-Type: application/json', 'Connection: close'];
  const head = [...lines, `Content-Length: ${text.length}`].join('\r\n');
  return (await RawConnection.exchange(url, `${head}\r\n\r\n${text}`)).received;
}
