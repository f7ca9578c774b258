import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Subject } from '../subjects/subject.js';
import { expectV1Error, newV1Account } from './calls.js';
import { download, uploadFile, uploadPath, type UploadAnswer } from './upload-calls.js';

const length = 1_300_000;

export function downloadsContract(subject: Subject): void {
  describe('downloads', () => {
    const bytes = randomBytes(length);
    let token: string;
    let file: UploadAnswer;
    before('a file', async () => {
      token = (await newV1Account(subject.here)).v1Token;
      file = await uploadFile(subject.here, token, bytes, 'name.html');
    });

    const get = (headers: Record<string, string> = {}, method = 'GET') =>
      download(subject.there, token, file.file_id, headers, method);
    const etag = () => `"${file.sha256}"`;

    it('have length, name, type and Accept-Ranges, for GET and HEAD alike', async () => {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers, bytes: got } = await get({}, method);
        expect(status).to.equal(200);
        expect(headers).to.include({
          'content-length': String(length),
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment; filename="name.html"',
          'accept-ranges': 'bytes',
          'cache-control': 'no-store',
          etag: etag(),
        });
        expect(got.length).to.equal(method === 'GET' ? length : 0);
      }
    });

    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=5-9', 5, 10],
      ['bytes=524287-524288', 524_287, 524_289],
      ['bytes=1000000-', 1_000_000, length],
      ['bytes=-7', length - 7, length],
      [`bytes=0-${length * 2}`, 0, length],
      [`bytes=-${length * 2}`, 0, length],
      ['bytes=0-9,10-19', 0, 20],
    ] as const) {
      it(`answer 206 to ${range}`, async () => {
        const { status, headers, bytes: got } = await get({ range });
        expect([status, headers['content-range']]).to.deep.equal([206, `bytes ${start}-${end - 1}/${length}`]);
        expect(headers['content-length']).to.equal(String(end - start));
        expect(got.equals(bytes.subarray(start, end))).to.equal(true);
      });
    }

    for (const range of [`bytes=${length}-`, 'bytes=-0', 'bytes=9999999999-']) {
      it(`answer 416 with the length to ${range}`, async () => {
        const { status, headers } = await get({ range });
        expect([status, headers['content-range']]).to.deep.equal([416, `bytes */${length}`]);
      });
    }

    it('return the whole file for several ranges, for other units than bytes, and for HEAD', async () => {
      for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=x', 'bytes=']) {
        const { status, bytes: got } = await get({ range });
        expect([status, got.length], range).to.deep.equal([200, length]);
      }
      expect((await get({ range: 'bytes=0-9' }, 'HEAD')).headers['content-length']).to.equal(String(length));
    });

    it('return a range only if If-Range names this file', async () => {
      const { headers } = await get({}, 'HEAD');
      const range = 'bytes=0-9';
      for (const same of [etag(), String(headers['last-modified'])]) {
        expect((await get({ range, 'if-range': same })).status, same).to.equal(206);
      }
      for (const other of ['"x"', `W/${etag()}`, 'Thu, 01 Jan 1970 00:00:00 GMT']) {
        const answer = await get({ range, 'if-range': other });
        expect([answer.status, answer.bytes.length], other).to.deep.equal([200, length]);
      }
    });

    /** Uploads a file of a type, and returns a function that downloads it with a query. */
    async function typed(contentType: string) {
      const { file_id: id } = await uploadFile(subject.here, token, 'bytes', 'a.png', contentType);
      const { json } = await subject.there.send('GET', uploadPath(token));
      const [listed] = (json as { files: Record<string, unknown>[] }).files;
      const ask = (query: string, headers: Record<string, string> = {}, method = 'GET') =>
        download(subject.there, `${token}${query}`, id, headers, method);
      return { listed, ask };
    }

    const asDownload = {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="a.png"',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    };

    for (const type of ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']) {
      it(`have the type ${type} with inline=true, in a sandbox, and no other way`, async () => {
        const { listed, ask } = await typed(`${type.toUpperCase()}; a=b`);
        expect(listed).to.include({ content_type: type });
        for (const [method, range, status] of [
          ['GET', undefined, 200],
          ['HEAD', undefined, 200],
          ['GET', 'bytes=1-2', 206],
        ] as const) {
          const answer = await ask('&inline=true', range === undefined ? {} : { range }, method);
          expect(answer.status).to.equal(status);
          expect(answer.headers).to.include({
            'content-type': type,
            'content-disposition': 'inline; filename="a.png"',
            'x-content-type-options': 'nosniff',
          });
          expect(answer.headers['content-security-policy']).to.match(/^default-src 'none';.*;sandbox$/);
        }
        for (const query of ['', '&inline=', '&inline=false']) {
          expect((await ask(query)).headers, query).to.include(asDownload);
        }
      });
    }

    it('have no type that a browser may run, nor any other, with inline=true', async () => {
      for (const type of ['image/svg+xml', 'text/html', 'application/pdf', 'image/pngx', 'application/octet-stream']) {
        const { listed, ask } = await typed(type);
        expect(listed, type).not.to.have.property('content_type');
        expect((await ask('&inline=true')).headers, type).to.include(asDownload);
      }
    });

    it('are refused with inline of another value', async () => {
      for (const query of ['&inline=yes', '&inline=1', '&inline=true&inline=true']) {
        const answer = await subject.here.send('GET', uploadPath(`${token}${query}`, file.file_id));
        expectV1Error(answer, 400, "Parameter 'inline' must be 'true' or 'false'");
      }
    });

    it('answer 304 to a client that has the file', async () => {
      const modified = String((await get({}, 'HEAD')).headers['last-modified']);
      const has: Record<string, string>[] = [{ 'if-none-match': etag() }, { 'if-modified-since': modified }];
      for (const headers of has) {
        const { status, bytes: got } = await get(headers);
        expect([status, got.length]).to.deep.equal([304, 0]);
      }
      expect((await get({ 'if-none-match': '"x"' })).status).to.equal(200);
      expect((await get({ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).status).to.equal(200);
    });

    it('ignore If-Match and If-Unmodified-Since', async () => {
      const unmet: Record<string, string>[] = [
        { 'if-match': '"x"' },
        { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      ];
      for (const headers of unmet) {
        const { status, bytes: got } = await get(headers);
        expect([status, got.length]).to.deep.equal([200, length]);
      }
    });
  });
}
