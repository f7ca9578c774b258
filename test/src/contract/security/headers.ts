import { expect } from 'chai';
import { send, type Answer } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import type { Subject } from '../subjects/subject.js';

const expected = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const page = 'https://app.example.com';
const preflight = { origin: page, 'access-control-request-method': 'POST' };
const corsFields = ({ headers }: Answer) => Object.keys(headers).filter((name) => name.startsWith('access-control-'));

export function headersContract(subject: Subject): void {
  describe('every answer', () => {
    it('has the security headers and names no server', async () => {
      const { token } = await subject.here.newAccount();
      const answers = [
        await subject.here.put(token, 'key', 1),
        await subject.here.get(token, 'key'),
        await subject.here.send('GET', '/livez'),
        await subject.here.get(token, 'nothing'),
        await subject.here.send('GET', '/nowhere'),
        await subject.here.send('DELETE', '/livez'),
        await subject.here.send('OPTIONS', '/token'),
        await subject.here.send('POST', '/token'),
        await subject.here.send('GET', '/api/resource'),
        await subject.here.send('GET', '/v1/users/nobody'),
      ];
      for (const { status, headers } of answers) {
        expect(headers, `${status}`).to.include(expected);
        expect(headers).not.to.have.any.keys('server', 'x-powered-by', 'via');
      }
    });

    it('has them when the request was no HTTP', async () => {
      expectSecured((await RawConnection.exchange(subject.here.baseUrl, 'nonsense\r\n\r\n')).received);
    });

    for (const [what, version, fields, status] of [
      ['names no host', 'HTTP/1.1', '', 400],
      ['names two hosts', 'HTTP/1.1', 'Host: a\r\nhost: b\r\n', 400],
      ['names a host twice', 'HTTP/1.0', 'Host: a\r\nHost: a\r\n', 400],
      ['names an address with a port', 'HTTP/1.1', 'Host: [::1]:80\r\n', 200],
      ['names no host in the HTTP of before', 'HTTP/1.0', '', 200],
      ['expects what is not known', 'HTTP/1.1', 'Host: a\r\nExpect: more\r\n', 200],
    ] as const) {
      it(`has them, and an id, when the request ${what}: ${status}`, async () => {
        const { token } = await subject.here.newAccount();
        await subject.here.put(token, 'key', 1);
        for (const path of ['/livez', '/api/resource', `/user/${token}/store/key`, '*']) {
          const request = `GET ${path} ${version}\r\n${fields}\r\n`;
          const { received, statuses } = await RawConnection.exchange(subject.here.baseUrl, request);
          expectSecured(received);
          expect(received).to.match(/\r\nX-Request-Id: \S/);
          const usual = { '/api/resource': 401, '*': 404 }[path] ?? 200;
          expect(statuses, path).to.deep.equal([status === 200 ? usual : status]);
          if (status === 400) expect(received).to.include('Request must have one Host header');
        }
      });
    }

    it('is 400 when the host is no host name and no address, even after one that is', async () => {
      const { token } = await subject.here.newAccount();
      await subject.here.put(token, 'key', 1);
      const wrong = ['', 'a b', 'a/b', 'a@b', 'a?b', 'a#b', 'a,b', 'a:x', 'a:99999', ':80', '[::1', '::1', '1.2.3.4.5'];
      for (const path of ['/livez', `/user/${token}/store/key`]) {
        for (const host of [...wrong, '%61', '"a"', 'ö', 'a\tb']) {
          const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
          const connection = await RawConnection.open(subject.here.baseUrl);
          connection.send(request);
          const received = await connection.answers(2);
          expect(connection.statuses, host).to.deep.equal([200, 400]);
          expect(received).to.include('Host must be a host name or an IP address, with or without a port');
          connection.destroy();
        }
      }
    });
  });

  describe('pages of other origins', () => {
    it('have no access unless configured', async () => {
      const { token } = await subject.here.newAccount();
      for (const answer of [
        await subject.here.send('GET', `/user/${token}/keys`, { headers: { origin: page } }),
        await subject.here.send('OPTIONS', '/token', { headers: preflight }),
      ]) {
        expect(corsFields(answer)).to.deep.equal([]);
      }
    });

    describe('that are configured', () => {
      let api: RunningApi;
      before('an API that knows a page', async () => {
        const others = 'http://localhost:3000, capacitor://localhost, https://*.example.org';
        api = await subject.startAnother({ KEYBIN_APP_CORS_ORIGINS: `${others}, ${page}` });
      });
      after(() => api.stop());

      it('may call every route, with a token of their own', async () => {
        const answer = await send(api.url, 'OPTIONS', '/v1/users/login', { headers: preflight });
        expect(answer.status).to.equal(204);
        expect(answer.headers).to.include({
          'access-control-allow-origin': page,
          'access-control-allow-methods': 'GET,HEAD,POST,DELETE',
          'access-control-allow-headers': 'Authorization,Content-Type,Range,X-Request-Id',
        });
        expect(answer.headers).not.to.have.property('access-control-allow-credentials');
      });

      it('see responses, including errors, with their headers', async () => {
        for (const [path, status] of [
          ['/livez', 200],
          ['/user/no-token/keys', 403],
          ['/api/resource', 401],
        ] as const) {
          const answer = await send(api.url, 'GET', path, { headers: { origin: page } });
          expect(answer.status).to.equal(status);
          const { headers } = answer;
          expect(headers['access-control-allow-origin']).to.equal(page);
          expect(headers['access-control-expose-headers']).to.include('Retry-After');
          expect(headers['vary']).to.match(/\borigin\b/i);
        }
      });

      it('may be pages of an app, or of any host below one', async () => {
        for (const origin of ['capacitor://localhost', 'https://a.example.org', 'https://a.b-c.example.org']) {
          const answer = await send(api.url, 'GET', '/livez', { headers: { origin } });
          expect(answer.headers['access-control-allow-origin']).to.equal(origin);
        }
      });

      it('are not confused with other origins', async () => {
        const others = ['https://evil.example', `${page}.evil.example`, 'null', page.toUpperCase(), ''];
        const below = ['https://example.org', 'https://.example.org', 'http://a.example.org', 'https://aexample.org'];
        const odd = ['https://evil.example/.example.org', 'https://a@b.example.org', 'ionic://localhost'];
        for (const origin of [...others, ...below, ...odd]) {
          const answer = await send(api.url, 'GET', '/livez', { headers: { origin } });
          const asked = await send(api.url, 'OPTIONS', '/token', { headers: { ...preflight, origin } });
          expect([...corsFields(answer), ...corsFields(asked)], origin).to.deep.equal([]);
        }
      });
    });
  });
}

/** Asserts the security headers of `received`, an answer with head and body. */
function expectSecured(received: string): void {
  for (const [name, value] of Object.entries(expected)) {
    expect(received.toLowerCase()).to.include(`${name}: ${value.toLowerCase()}`);
  }
}
