import { expect } from 'chai';
import { array, assert, asyncProperty, constantFrom, oneof, string, uint8Array } from 'fast-check';
import { expectValue } from '../subjects/answers.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { accountOfSuite } from '../subjects/account-of-suite.js';

const unknownRoutes = ['/', '/registers', '/user', '/user/t', '/user/t/store', '/user/t/keys/k', '//register', '/%zz'];

export function badRequests(url: () => string): void {
  describe('in requests', () => {
    const given = accountOfSuite(url);

    for (const path of unknownRoutes) {
      it(`knows no route ${path}`, async () => {
        for (const method of ['GET', 'POST', 'DELETE', 'PUT'] as const) {
          const answer = await given.client.send(method, path);
          expect([method, answer.status, answer.text]).to.deep.equal([method, 404, 'Not found']);
        }
      });
    }

    for (const target of ['http://[', '*', 'http://test']) {
      it(`knows no target ${target}`, async () => {
        const { statuses } = await RawConnection.exchange(url(), `GET ${target} HTTP/1.1\r\nHost: test\r\n\r\n`);
        expect(statuses).to.deep.equal([404]);
      });
    }

    for (const [path, methods, wrong] of [
      ['/register', ['POST'], ['GET', 'PUT', 'DELETE', 'PATCH']],
      ['/unregister', ['DELETE'], ['GET', 'POST']],
      ['/token', ['POST'], ['GET', 'DELETE', 'HEAD']],
      ['/user/t/keys', ['HEAD', 'GET'], ['POST', 'DELETE', 'PUT']],
      ['/user/t/store/k', ['HEAD', 'GET', 'POST', 'DELETE'], ['PUT', 'PATCH', 'PROPFIND']],
    ] as const) {
      it(`allows only ${methods.join(', ')} at ${path}`, async () => {
        for (const method of wrong) {
          const answer = await given.client.send(method, path);
          expect([method, answer.status]).to.deep.equal([method, 405]);
          if (method !== 'HEAD') expect(answer.text).to.equal('Method not allowed');
          expect(answer.headers['allow']?.split(', ').toSorted()).to.deep.equal(methods.toSorted());
        }
      });
    }

    it('answers a method that HTTP does not know with 405 and Allow', async () => {
      const { statuses, received } = await RawConnection.exchange(
        url(),
        'FOO /register HTTP/1.1\r\nHost: test\r\n\r\n',
      );
      expect(statuses).to.deep.equal([405]);
      expect(received).to.match(/\r\nAllow: .*POST/);
    });

    it('answers OPTIONS with what a route allows', async () => {
      const answer = await given.client.send('OPTIONS', '/register');
      expect([answer.status, answer.text, answer.headers['allow']]).to.deep.equal([200, '', 'POST']);
    });

    it('answers HEAD like GET, without the body', async () => {
      await given.client.put(given.account.token, 'k', 'value');
      for (const path of [`/user/${given.account.token}/store/k`, `/user/${given.account.token}/store/absent`]) {
        const get = await given.client.send('GET', path);
        const head = await given.client.send('HEAD', path);
        expect([head.status, head.text]).to.deep.equal([get.status, '']);
        expect(head.headers['content-length']).to.equal(String(Buffer.byteLength(get.text)));
        expect(head.headers['content-type']).to.equal(get.headers['content-type']);
      }
    });

    it('ignores a slash at the end of a path', async () => {
      expect((await given.client.send('GET', `/user/${given.account.token}/keys/`)).status).to.equal(200);
    });

    it('answers errors as text', async () => {
      for (const accept of ['*/*', 'text/plain', 'application/json', 'text/html, */*;q=0.1', ';;/']) {
        const answer = await given.client.send('GET', '/nowhere', { headers: { accept } });
        expect(answer.headers).to.include({ 'content-type': 'text/plain; charset=utf-8', vary: 'Accept' });
        expect(answer.text).to.equal('Not found');
      }
    });

    it('answers errors as problem details to a client that prefers them', async () => {
      for (const accept of ['application/problem+json', 'application/json, application/problem+json, */*;q=0.5']) {
        const answer = await given.client.send('GET', '/user/no-token/keys', { headers: { accept } });
        expect(answer.headers).to.include({ 'content-type': 'application/problem+json', vary: 'Accept' });
        expect(answer.json).to.deep.equal({
          type: 'about:blank',
          title: 'Forbidden',
          status: 403,
          detail: 'Invalid token',
          code: 'invalid_token',
        });
      }
    });

    it('reports the outcome of a deletion whose body is malformed', async () => {
      for (let turn = 0; turn < 10; turn++) {
        await given.client.put(given.account.token, 'doomed', turn);
        const head = `DELETE /user/${given.account.token}/store/doomed HTTP/1.1\r\nHost: test\r\n`;
        const bytes = `${head}Transfer-Encoding: chunked\r\n\r\nnot hex\r\n`;
        const { statuses } = await RawConnection.exchange(url(), bytes);
        const { status } = await given.client.get(given.account.token, 'doomed');
        expect([statuses, status]).to.deep.equal([[200], 404]);
      }
    });

    for (const [what, length, body, status, stored] of [
      ['one byte more than its length', 12, '{"value":11}x', 200, 11],
      ['a length that counts characters', 13, '{"value":"ö"}', 400, undefined],
      ['no length', undefined, '{"value":1}', 400, undefined],
    ] as const) {
      it(`answers a write with ${what}, and then closes the connection`, async () => {
        const { token } = await given.client.newAccount();
        const connection = await RawConnection.open(url());
        const fields = ['Host: test', 'Content-Type: application/json'].concat(
          length === undefined ? [] : `Content-Length: ${length}`,
        );
        connection.send(`POST /user/${token}/store/k HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`);
        expect(await connection.closed()).to.include('Connection: close');
        expect(connection.statuses).to.deep.equal([status]);
        const value = await given.client.get(token, 'k');
        if (stored === undefined) expect(value.status).to.equal(404);
        else expectValue(value, stored);
      });
    }

    for (const [version, ...fields] of [
      ['1.1', 'gzip, chunked'],
      ['1.1', 'gzip', 'chunked'],
      ['1.1', 'identity, chunked'],
      ['1.1', ', chunked'],
      ['1.1', 'identity'],
      ['1.1', 'gzip'],
      ['1.1', ''],
      ['1.1', 'chunked, chunked'],
      ['1.1', 'chunked', 'chunked'],
      ['1.1', 'chunked, gzip'],
      ['1.1', 'chunked;a=b'],
      ['1.0', 'chunked'],
    ] as const) {
      it(`answers 501 to HTTP/${version} with the coding ${JSON.stringify(fields)}, and to nothing after it`, async () => {
        const { token } = await given.client.newAccount();
        const path = `/user/${token}/store/k`;
        const coding = fields.map((field) => `Transfer-Encoding: ${field}\r\n`).join('');
        const head = `Host: test\r\nContent-Type: application/json\r\n`;
        const kept = version === '1.0' ? 'Connection: keep-alive\r\n' : '';
        const first = `POST ${path} HTTP/${version}\r\n${head}${kept}${coding}\r\nb\r\n{"value":1}\r\n0\r\n\r\n`;
        const second = `POST ${path} HTTP/1.1\r\n${head}Content-Length: 11\r\n\r\n{"value":2}`;
        const connection = await RawConnection.open(url());
        connection.send(first + second);
        const received = await connection.closed();
        expect(connection.statuses).to.deep.equal([501]);
        expect(received)
          .to.include('Transfer-Encoding must be chunked, in HTTP/1.1')
          .and.include('Connection: close')
          .and.include('x-content-type-options: nosniff');
        expect((await given.client.get(token, 'k')).status).to.equal(404);
      });
    }

    it('answers 501 to a coding beside Upgrade, and answers what came before it', async () => {
      const connection = await RawConnection.open(url());
      const upgrade = 'Connection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: gzip\r\n';
      connection.send(`GET /livez HTTP/1.1\r\nHost: a\r\n\r\n`);
      await connection.answers(1);
      connection.send(`GET /livez HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
      await connection.closed();
      expect(connection.statuses).to.deep.equal([200, 501]);
    });

    it('takes chunks in any case', async () => {
      const { token } = await given.client.newAccount();
      const head = `POST /user/${token}/store/k HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
      const bytes = `${head}Transfer-Encoding: Chunked\r\n\r\nb\r\n{"value":1}\r\n0\r\n\r\n`;
      expect((await RawConnection.exchange(url(), bytes)).statuses).to.deep.equal([200]);
    });

    it('never returns 500, whatever it is sent', async () => {
      const segment = oneof(
        string(),
        constantFrom('user', 'store', 'keys', 'register', 'token', '%', '..', given.account.token),
      );
      const path = array(segment, { maxLength: 5 });
      const method = constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS');
      await assert(
        asyncProperty(method, path, uint8Array(), async (anyMethod, segments, bytes) => {
          const target = `/${segments.map((part) => part.replaceAll(/[^!-~]/g, '%')).join('/')}`;
          const head = `${anyMethod} ${target} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
          const { statuses, received } = await RawConnection.exchange(
            url(),
            `${head}Content-Length: ${bytes.length}\r\n\r\n`,
            bytes,
          );
          expect(statuses[0]).to.be.within(200, 499);
          expect(received).not.to.match(/node_modules|dist\/|\n +at /);
        }),
        { numRuns: 100 },
      );
    });
  });
}
