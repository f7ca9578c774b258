import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Answer, KeybinClient } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { expectDone } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { expectForbidden, expectRefusedToken, expectV1Error, newV1Account } from './calls.js';
import {
  action,
  download,
  fileOf,
  formOf,
  formType,
  type FormPart,
  type UploadAnswer,
  sendForm,
  uploadFile,
  uploadPath,
} from './upload-calls.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const megabyte = 1_000_000;
const missing = (name: string) => `Required parameter '${name}' is missing`;

export function uploadsContract(subject: Subject): void {
  describe('uploads', () => {
    let token: string;
    beforeEach('an account', async () => {
      token = (await newV1Account(subject.here)).v1Token;
    });

    const list = async (
      client: KeybinClient,
      query = '',
    ): Promise<{ files: { file_id: string }[]; next: string | null }> => {
      const answer = await client.send('GET', `${uploadPath(token)}${query}`);
      expect(answer.status, answer.text).to.equal(200);
      return answer.json as { files: { file_id: string }[]; next: string | null }; // shape is asserted below
    };

    /** Asserts the error, and that nothing was stored. */
    async function expectRefused(answer: Answer, status: number, message: string): Promise<void> {
      expectV1Error(answer, status, message);
      expect(await list(subject.there)).to.deep.equal({ files: [], next: null });
    }

    it('are stored with name, length and SHA-256, and read, listed and deleted through every process', async () => {
      for (const length of [0, 1, 3 * megabyte + 7]) {
        const bytes = randomBytes(length);
        const answer = await sendForm(subject.here, token, [action, fileOf(bytes, 'a.bin')]);
        expect(answer.status, answer.text).to.equal(200);
        const { file_id: id, ...stored } = answer.json as { file_id: string };
        expect(stored).to.deep.equal({ upload: 'a.bin', length, sha256: sha256(bytes) });
        expect(id).to.match(/^[0-9a-f]{24}$/);
        for (const client of [subject.there, subject.here]) {
          const read = await download(client, token, id);
          expect([read.status, read.bytes.equals(bytes)]).to.deep.equal([200, true]);
          const { files } = await list(client);
          const [{ created_at: createdAt, ...listed } = { created_at: '' }] = files as { created_at?: string }[];
          expect(listed).to.deep.equal({ file_id: id, ...stored });
          expect(Math.abs(Date.parse(createdAt ?? '') - Date.now())).to.be.below(60_000);
        }
        const deleted = await subject.there.send('DELETE', uploadPath(token, id));
        expect([deleted.status, deleted.json]).to.deep.equal([200, { deleted: id }]);
        for (const client of [subject.here, subject.there]) {
          expect((await download(client, token, id)).status).to.equal(404);
          expect(await list(client)).to.deep.equal({ files: [], next: null });
        }
      }
    });

    it('are listed newest first, a page at a time', async () => {
      const ids: string[] = [];
      for (const name of ['a', 'b', 'c']) ids.unshift((await uploadFile(subject.here, token, name, name)).file_id);
      const first = await list(subject.there, '&limit=2');
      expect([first.files.map(({ file_id: id }) => id), first.next]).to.deep.equal([ids.slice(0, 2), ids[1]]);
      const second = await list(subject.there, `&limit=2&after=${first.next}`);
      expect([second.files.map(({ file_id: id }) => id), second.next]).to.deep.equal([ids.slice(2), null]);
      for (const [query, message] of [
        ['&limit=0', "Parameter 'limit' must be a whole number from 1 to 100"],
        ['&limit=101', "Parameter 'limit' must be a whole number from 1 to 100"],
        ['&after=x', "Parameter 'after' must be the id of a file"],
      ] as const) {
        expectV1Error(await subject.here.send('GET', `${uploadPath(token)}${query}`), 400, message);
      }
    });

    it('are accepted with parts in any order, with unknown parts, and with the token as Bearer', async () => {
      for (const parts of [
        [fileOf('abc'), action],
        [{ name: 'comment', content: 'x' }, action, fileOf('abc'), { name: 'more', content: 'y' }],
        [action, action, fileOf('abc')],
      ]) {
        expect((await sendForm(subject.here, token, parts)).json).to.include({ upload: 'file.bin', length: 3 });
      }
      const headers = { 'content-type': formType, authorization: `Bearer ${token}` };
      const body = formOf([action, fileOf('abc')]);
      expect((await subject.there.send('POST', '/v1/users/upload', { body, headers })).json).to.include({ length: 3 });
    });

    const cases: readonly (readonly [what: string, parts: readonly FormPart[], message: string])[] = [
      ['without action', [fileOf('abc')], missing('action')],
      [
        'with another action',
        [{ name: 'action', content: 'delete' }, fileOf('abc')],
        "Parameter 'action' must be 'upload'",
      ],
      [
        'with another action at last',
        [fileOf('abc'), { name: 'action', content: '' }],
        "Parameter 'action' must be 'upload'",
      ],
      ['without a file', [action], missing('filename')],
      ['with no part', [], missing('action')],
      ['with a file of no name', [action, fileOf('', '')], missing('filename')],
      [
        'with a field in place of the file',
        [action, { name: 'filename', content: 'x' }],
        "Parameter 'filename' must be a file",
      ],
      ['with the file under another name', [action, { ...fileOf('abc'), name: 'file' }], missing('filename')],
      ['with two files', [action, fileOf('abc'), fileOf('def')], "Parameter 'filename' must be one file"],
    ];
    for (const [what, parts, message] of cases) {
      it(`are refused ${what}`, async () => expectRefused(await sendForm(subject.here, token, parts), 400, message));
    }

    it('are refused with 413 if the form around the file is too large', async () => {
      const much = { name: 'comment', content: Buffer.alloc(3 * megabyte, 'x') };
      const whole = [action, fileOf('abc')];
      for (const body of [
        formOf([action, much]),
        formOf([...whole, much]),
        formOf([much, ...whole]),
        Buffer.concat([formOf(whole), much.content]),
      ]) {
        const options = { body, headers: { 'content-type': formType } };
        const answer = await subject.here.send('POST', uploadPath(token), options);
        await expectRefused(answer, 413, 'Request body is larger than 1048576 bytes');
      }
    });

    it('may have much around a large file, in any order, and something after the form', async () => {
      const much: FormPart = { name: 'comment', content: Buffer.alloc(megabyte, 'x') };
      const file = fileOf(randomBytes(3 * megabyte));
      for (const parts of [
        [much, action, file],
        [file, action, much],
      ]) {
        expect((await sendForm(subject.here, token, parts)).json).to.include({ length: 3 * megabyte });
      }
      const form = formOf([action, fileOf('abc')]);
      const connection = await RawConnection.open(subject.here.baseUrl);
      const head = ['Host: a', `Content-Type: ${formType}`, `Content-Length: ${form.length + 5}`];
      await connection.sent(`POST ${uploadPath(token)} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
      await connection.sent(form);
      await connection.sent('after');
      await connection.sent('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
      await connection.answers(2);
      expect(connection.statuses).to.deep.equal([200, 200]);
      connection.destroy();
    });

    it('are refused with more than 20 fields', async () => {
      const fields = Array.from({ length: 19 }, (_, index): FormPart => ({ name: `field${index}`, content: 'x' }));
      expect((await sendForm(subject.here, token, [...fields, action, fileOf('abc')])).status).to.equal(200);
      const more = [...fields, fileOf('abc'), action, action];
      const answer = await sendForm(subject.here, token, more);
      expectV1Error(answer, 400, 'Form must have at most 20 fields besides the file');
      expect((await list(subject.there)).files).to.have.length(1);
    });

    it('are refused if the body is not a form, is malformed or is truncated', async () => {
      const form = formOf([action, fileOf(randomBytes(100_000))]);
      const bodies: readonly (readonly [Buffer, string])[] = [
        [form, 'application/json'],
        [form, 'multipart/form-data'],
        [form, 'multipart/mixed; boundary=x'],
        [form.subarray(0, -10), formType],
        [form.subarray(0, 60_000), formType],
        [form.subarray(0, 20), formType],
        [Buffer.from('no form at all'), formType],
        [Buffer.alloc(0), formType],
      ];
      for (const [body, type] of bodies) {
        const headers = { 'content-type': type, 'content-encoding': 'identity' };
        const answer = await subject.here.send('POST', uploadPath(token), { body, headers });
        await expectRefused(answer, 400, 'Request body is not well-formed multipart/form-data');
      }
      const untyped = await subject.here.send('POST', uploadPath(token), { body: form });
      await expectRefused(untyped, 400, 'Request has no Content-Type');
    });

    it('are refused with 415 in any encoding but identity', async () => {
      const form = formOf([action, fileOf('abc')]);
      for (const [encoding, body] of [
        ['gzip', gzipSync(form)],
        ['zork', form],
      ] as const) {
        const headers = { 'content-type': formType, 'content-encoding': encoding };
        const answer = await subject.here.send('POST', uploadPath(token), { body, headers });
        await expectRefused(answer, 415, 'Content-Encoding of a form must be identity');
        expect(answer.headers['accept-encoding']).to.equal('identity');
      }
      const headers = { 'content-type': formType, 'content-encoding': 'Identity' };
      const taken = await subject.here.send('POST', uploadPath(token), { body: form, headers });
      expect(taken.json).to.include({ length: 3 });
    });

    it('keep the last part of their path as name, and are refused if it is too long or not printable', async () => {
      const names: readonly (readonly [sent: string, stored: string])[] = [
        ['γειά 🐝.txt', 'γειά 🐝.txt'],
        ['../../etc/passwd', 'passwd'],
        ['C:\\dir\\file.doc', 'file.doc'],
        ["a'b;c%20%00.txt", "a'b;c%20%00.txt"],
        ['x'.repeat(255), 'x'.repeat(255)],
      ];
      for (const [sent, stored] of names) {
        const { upload, file_id: id } = await uploadFile(subject.here, token, 'abc', sent);
        expect(upload).to.equal(stored);
        const { headers } = await download(subject.there, token, id);
        expect(headers['content-disposition'], sent).to.match(/^attachment; filename=/);
        if (sent === 'γειά 🐝.txt')
          expect(headers['content-disposition']).to.include(`filename*=UTF-8''${encodeURIComponent(sent)}`);
        await subject.here.send('DELETE', uploadPath(token, id));
      }
      const rule = 'File name must be 1 to 255 bytes without control characters';
      for (const name of ['x'.repeat(256), 'é'.repeat(128), 'a\0b', 'a\tb', 'a\u0085b']) {
        await expectRefused(await sendForm(subject.here, token, [action, fileOf('abc', name)]), 400, rule);
      }
      for (const name of ['.', '..', 'a/', 'a/..']) {
        await expectRefused(
          await sendForm(subject.here, token, [action, fileOf('abc', name)]),
          400,
          missing('filename'),
        );
      }
    });

    /** Asserts that a file is answered, listed and downloaded under this name. */
    async function expectName({ upload, file_id: id }: UploadAnswer, name: string): Promise<void> {
      expect(upload).to.equal(name);
      expect((await list(subject.there)).files[0]).to.include({ file_id: id, upload: name });
      const { headers } = await download(subject.there, token, id);
      expect(headers['content-disposition']).to.include(`; filename*=UTF-8''${encodeURIComponent(name)}`);
    }

    it('take the name in filename* in any order, and quotes and backslashes as clients write them', async () => {
      const names: readonly (readonly [parameters: string, stored: string])[] = [
        [`; filename="=?utf-8?B?zrPOtc65zqwucGRm?="; filename*=utf-8''%CE%B3%CE%B5%CE%B9%CE%AC.pdf`, 'γειά.pdf'],
        [`; filename*=UTF-8'el'%CE%B3.txt; filename="plain.txt"`, 'γ.txt'],
        [`; filename*=UTF-8''a%22b%5Cc%2522`, 'a"b\\c%22'],
        ['; filename="a%22b\\c.txt"', 'a"b\\c.txt'],
        ['; filename="a\\"b\\\\c.txt"', 'a"b\\c.txt'],
        ['; filename="é.txt"', 'é.txt'],
      ];
      for (const [parameters, name] of names) {
        const answer = await sendForm(subject.here, token, [action, { name: 'filename', parameters, content: 'abc' }]);
        expect(answer.status, answer.text).to.equal(200);
        await expectName(answer.json as UploadAnswer, name);
      }
      const body = new FormData(); // as browsers write it
      body.append('action', 'upload');
      body.append('filename', new Blob(['abc']), '"γ"\\d.txt');
      const answer = await fetch(`${subject.here.baseUrl}${uploadPath(token)}`, { method: 'POST', body });
      await expectName((await answer.json()) as UploadAnswer, '"γ"\\d.txt');
    });

    it('are refused with a name that is not UTF-8', async () => {
      for (const parameters of [
        Buffer.from('; filename="na\xefve.txt"', 'latin1'),
        `; filename="naive.txt"; filename*=ISO-8859-1''na%EFve.txt`,
        `; filename*=UTF-8''na%EFve.txt`,
        `; filename*=naive.txt`,
      ]) {
        const answer = await sendForm(subject.here, token, [action, { name: 'filename', parameters, content: 'abc' }]);
        await expectRefused(answer, 400, 'File name must be UTF-8');
      }
    });

    it('are refused before anything is read if the token is not valid, and 403 or 404 as files', async () => {
      const other = await newV1Account(subject.there);
      const { file_id: id } = await uploadFile(subject.here, token, 'mine');
      for (const bad of ['', 'v1.00000000-0000-0000-0000-000000000000', other.token]) {
        expectRefusedToken(await sendForm(subject.here, bad, [action, fileOf(randomBytes(3 * megabyte))]));
        expectRefusedToken(await subject.here.send('GET', uploadPath(bad, id)));
        expectRefusedToken(await subject.here.send('GET', uploadPath(bad)));
        expectRefusedToken(await subject.here.send('DELETE', uploadPath(bad, id)));
      }
      expectForbidden(await subject.there.send('GET', uploadPath(other.v1Token, id)));
      expectForbidden(await subject.here.send('DELETE', uploadPath(other.v1Token, id)));
      for (const never of ['0'.repeat(24), 'x', 'A'.repeat(24), '%00', '$gt']) {
        const answer = await subject.here.send('GET', uploadPath(token, never));
        expect([answer.status, Object.keys(answer.json as object)], never).to.deep.equal([404, ['error']]);
      }
      expect((await download(subject.there, token, id)).bytes.toString()).to.equal('mine');
    });

    it('above the size limit are refused with 413, above the quota with 507, and leave nothing', async () => {
      const limits = { KEYBIN_LIMITS_FILE_BYTES: '1000000', KEYBIN_ACCOUNTS_FILE_BYTES_PER_ACCOUNT: '2MiB' };
      const small = await subject.startAnother(limits);
      try {
        const client = new KeybinClient(small.url);
        token = (await newV1Account(subject.besides(client))).v1Token;
        const tooLarge = 'File is larger than 1000000 bytes';
        for (const bytes of [megabyte + 1, 9 * megabyte]) {
          expectV1Error(await sendForm(client, token, [action, fileOf(Buffer.alloc(bytes))]), 413, tooLarge);
        }
        const refused = await RawConnection.asking(small.url, uploadPath(token), formType, 3 * megabyte);
        expect(await refused.closed()).to.include(tooLarge);
        expect(refused.statuses).to.deep.equal([413]);
        // It may have much around its file
        const welcome = await RawConnection.asking(small.url, uploadPath(token), formType, 2 * megabyte);
        expect(welcome.statuses).to.deep.equal([100]);
        welcome.destroy();
        expect(await list(client)).to.deep.equal({ files: [], next: null });
        const stored = await Promise.all(
          Array.from({ length: 6 }, () => sendForm(client, token, [action, fileOf(Buffer.alloc(megabyte))])),
        );
        const statuses = stored.map(({ status }) => status);
        expect(statuses.filter((status) => status === 200).length).to.be.below(3);
        for (const answer of stored.filter(({ status }) => status !== 200)) {
          expectV1Error(answer, 507, 'Files of the account would take more than 2097152 bytes');
        }
        for (const { file_id: id } of (await list(client)).files) await client.send('DELETE', uploadPath(token, id));
        for (const name of ['a', 'b']) await uploadFile(client, token, Buffer.alloc(megabyte), name);
      } finally {
        await small.stop();
      }
    });

    it('are deleted with their account, and the next account of the name has none', async () => {
      const { username, password, v1Token } = await newV1Account(subject.here);
      const { file_id: id } = await uploadFile(subject.here, v1Token, randomBytes(megabyte));
      expectDone(await subject.there.unregister(username, password));
      expectRefusedToken(await subject.here.send('GET', uploadPath(v1Token, id)));
      token = (await newV1Account(subject.here, username)).v1Token;
      expect((await list(subject.there)).files).to.deep.equal([]);
      expect([403, 404]).to.include((await subject.there.send('GET', uploadPath(token, id))).status);
    });
  });
}
