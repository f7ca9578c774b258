import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { SendOptions } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { accountOfSuite } from '../subjects/account-of-suite.js';

const jsonType = { 'content-type': 'application/json' };
const notJson = 'Request body is not JSON or is empty';
const unknownEncoding = 'Content-Encoding must be one of gzip, deflate, br, identity';
const limitBytes = 1_048_576;
const tooLarge = `Request body is larger than ${limitBytes} bytes`;

const notObjects: readonly (readonly [string, SendOptions])[] = [
  ['no body', { headers: jsonType }],
  ['an empty body', { headers: jsonType, body: '' }],
  ['a blank body', { headers: jsonType, body: ' \n' }],
  ['a body that is not JSON', { headers: jsonType, body: 'username=a&password=b&value=c' }],
  ['a truncated body', { headers: jsonType, body: '{"username":"a","password":"b","value":"c"' }],
  ['two bodies in one', { headers: jsonType, body: '{"value":"c"}{"value":"c"}' }],
  ['an empty array', { headers: jsonType, body: '[]' }],
  ['an array', { headers: jsonType, body: '[{"username":"a","password":"b","value":"c"}]' }],
  ['an empty object', { headers: jsonType, body: '{}' }],
  ['a string', { headers: jsonType, body: '"value"' }],
  ['a number', { headers: jsonType, body: '1' }],
  ['null', { headers: jsonType, body: 'null' }],
  [
    'invalid UTF-8',
    { headers: jsonType, body: Buffer.from('{"username":"\xff","password":"b","value":"\xff"}', 'latin1') },
  ],
  ['broken gzip', { headers: { ...jsonType, 'content-encoding': 'gzip' }, body: '{"value":"c"}' }],
  [
    'truncated gzip',
    { headers: { ...jsonType, 'content-encoding': 'gzip' }, body: gzipSync('{"value":1}').subarray(0, 20) },
  ],
  ['no content type', { body: '{"username":"a","password":"b","value":"c"}' }],
  ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{"value":"c"}' }],
  [
    'a form',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'username=a&password=b&value=c' },
  ],
];

export function badBodies(url: () => string): void {
  describe('in bodies', () => {
    const given = accountOfSuite(url);

    const routes = () =>
      [
        ['POST', '/register'],
        ['POST', '/token'],
        ['DELETE', '/unregister'],
        ['POST', `/user/${given.account.token}/store/kept`],
        ['POST', '/user/no-token/store/,bad%20key'], // the body is checked before token and key
      ] as const;

    for (const [what, options] of notObjects) {
      it(`refuses ${what}`, async () => {
        for (const [method, path] of routes()) {
          const answer = await given.client.send(method, path, options);
          expect([method, path, answer.status, answer.text]).to.deep.equal([method, path, 400, notJson]);
        }
        expect((await given.client.get(given.account.token, 'kept')).json).to.deep.equal({ value: 'kept' });
      });
    }

    it('refuses a body that is too large before a client that asks first has sent it', async () => {
      const path = `/user/${given.account.token}/store/asked`;
      const refused = await RawConnection.asking(url(), path, 'application/json', limitBytes + 1);
      expect(await refused.closed()).to.include(tooLarge);
      expect(refused.statuses).to.deep.equal([413]);
      const body = '{"value":"c"}';
      const welcome = await RawConnection.asking(url(), path, 'application/json', body.length);
      expect(welcome.statuses).to.deep.equal([100]);
      welcome.send(body);
      expect(await welcome.answers(2)).to.include('{"result":"ok"}');
      welcome.destroy();
    });

    it('refuses an unknown encoding with the accepted ones', async () => {
      for (const encoding of ['zork', 'gzip, gzip', 'compress']) {
        const options = { headers: { ...jsonType, 'content-encoding': encoding }, body: '{"value":"c"}' };
        for (const [method, path] of routes()) {
          const { status, text, headers } = await given.client.send(method, path, options);
          expect([method, path, status, text]).to.deep.equal([method, path, 415, unknownEncoding]);
          expect(headers['accept-encoding']).to.equal('gzip, deflate, br, identity');
        }
      }
    });

    it('takes encodings in any case, x-gzip, and a byte order mark', async () => {
      const path = `/user/${given.account.token}/store/encoded`;
      for (const [encoding, body] of [
        ['GZIP', gzipSync('{"value":"GZIP"}')],
        ['x-gzip', gzipSync('{"value":"x-gzip"}')],
        ['Identity', '{"value":"Identity"}'],
        ['identity', '\ufeff{"value":"identity"}'],
      ] as const) {
        const options = { headers: { ...jsonType, 'content-encoding': encoding }, body };
        expect((await given.client.send('POST', path, options)).json).to.deep.equal({ result: 'ok' });
        expect((await given.client.send('GET', path)).json).to.deep.equal({ value: encoding });
      }
      const plain = { headers: jsonType, body: '\ufeff{"value":"mark"}' };
      expect((await given.client.send('POST', path, plain)).json).to.deep.equal({ result: 'ok' });
      expect((await given.client.send('GET', path)).json).to.deep.equal({ value: 'mark' });
    });

    for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.api+json;charset=x']) {
      it(`takes ${type}`, async () => {
        const options = { headers: { 'content-type': type }, body: JSON.stringify({ value: type }) };
        const answer = await given.client.send('POST', `/user/${given.account.token}/store/typed`, options);
        expect(answer.json).to.deep.equal({ result: 'ok' });
        expect((await given.client.get(given.account.token, 'typed')).json).to.deep.equal({ value: type });
      });
    }

    it('takes the last of repeated members', async () => {
      const body = `{"client_id":"repeated","username":5,"username":${JSON.stringify(given.account.username)},"password":"wrong","password":"correct horse"}`;
      expect((await given.client.send('POST', '/token', { headers: jsonType, body })).status).to.equal(200);
      const repeated = { headers: jsonType, body: '{"value":1,"value":{"a":1,"a":2}}' };
      await given.client.send('POST', `/user/${given.account.token}/store/repeated`, repeated);
      expect((await given.client.get(given.account.token, 'repeated')).text).to.equal('{"value":{"a":2}}');
    });

    it('takes a compressed body', async () => {
      const options = { headers: { ...jsonType, 'content-encoding': 'gzip' }, body: gzipSync('{"value":"small"}') };
      expect((await given.client.send('POST', `/user/${given.account.token}/store/zip`, options)).status).to.equal(200);
      expect((await given.client.get(given.account.token, 'zip')).json).to.deep.equal({ value: 'small' });
    });

    it('takes a body of 1 MiB and none larger', async () => {
      const fitting = bodyOf(limitBytes);
      const path = `/user/${given.account.token}/store/large`;
      expect((await given.client.send('POST', path, { headers: jsonType, body: fitting })).text).to.equal(
        '{"result":"ok"}',
      );
      const answer = await given.client.send('POST', path, { headers: jsonType, body: bodyOf(limitBytes + 1) });
      expect([answer.status, answer.text]).to.deep.equal([413, tooLarge]);
      expect((await given.client.get(given.account.token, 'large')).text).to.equal(fitting);
    });

    it('refuses a small body that decompresses to a huge one', async () => {
      const bomb = gzipSync(bodyOf(50_000_000));
      const options = { headers: { ...jsonType, 'content-encoding': 'gzip' }, body: bomb };
      const answer = await given.client.send('POST', `/user/${given.account.token}/store/bomb`, options);
      expect([answer.status, answer.text]).to.deep.equal([413, tooLarge]);
      expect((await given.client.get(given.account.token, 'bomb')).status).to.equal(404);
    });

    it('keeps the connection after a body that was too large', async () => {
      const connection = await RawConnection.open(url());
      const post = (body: string) => {
        const head = `POST /register HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
        connection.send(`${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      };
      post(bodyOf(2 * limitBytes));
      post('[]');
      await connection.answers(2);
      expect(connection.statuses).to.deep.equal([413, 400]);
      connection.destroy();
    });

    it('writes nothing of an interrupted body', async () => {
      const { token } = given.account;
      const connection = await RawConnection.open(url());
      const head = `POST /user/${token}/store/kept HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
      connection.send(`${head}Content-Length: 100\r\n\r\n{"value":"broken off"}`);
      connection.destroy();
      await given.client.put(token, 'later', 'later');
      expect((await given.client.get(token, 'later')).json).to.deep.equal({ value: 'later' });
      expect((await given.client.get(token, 'kept')).json).to.deep.equal({ value: 'kept' });
    });
  });
}

/** Returns a body of this many bytes that contains a value. */
function bodyOf(bytes: number): string {
  const frame = '{"value":""}';
  return `{"value":"${'x'.repeat(bytes - frame.length)}"}`;
}
