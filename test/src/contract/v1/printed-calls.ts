import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import type { Subject } from '../subjects/subject.js';

const run = promisify(execFile);

/** Calls of the original document of `/api` and `/v1`, verbatim. */
const printed = {
  code: `curl -i -X GET http://192.168.3.12:8000/v1/users/register?accout=13889131111`,
  register: `curl -i -X POST -H "Content-Type: application/json" -d '{"accout":"13889131111","identify_code":"111111","passwd":"caicai"}' http://192.168.3.12:8000/v1/users/register`,
  view: `curl -i -X GET http://192.168.3.12:8000/v1/users/jincm?token=other_user_token`,
  login: `curl -i -X POST -H "Content-Type: application/json" -d '{"accout":"13889131111","passwd":"caicai"}' http://192.168.3.12:8000/v1/users/login`,
  logout: `curl -i -X GET http://192.168.3.12:8000/v1/users/logout/jincm?token=1111`,
  post: `curl -i -X POST -H "Content-Type: application/json" -d '{"content":"my first post"}' http://192.168.3.12:8000/v1/activity/post?token=eyJhbGciOiJIUzI1NiIsImV4cCI6MTQ0MDkwOTQ5OSwiaWF0IjoxNDQwOTAzNDk5fQ.eyJwYXNzd29yZCI6ImNhaWNhaSIsIm9iamVjdF9pZCI6IjU1ZTFlN2YyY2U2YTNkMmUwMGU5YjZkNSJ9.d59DL80LaaRQCl62aXv24h9Pfexb7VO7z6_FjeqG_eo`,
  upload: `curl -i -X POST -F "action=upload" -F "filename=@file.tar.gz" http://192.168.3.12:8000/v1/users/upload?token=$TOKEN`,
  signedToken: `curl -u miguel:python -i -X GET http://127.0.0.1:5000/api/token`,
  resource: `curl -u eyJhbGciOiJIUzI1NiIsImV4cCI6MTM4NTY2OTY1NSwiaWF0IjoxMzg1NjY5MDU1fQ.eyJpZCI6MX0.XbOEFJkhjHJ5uRINh2JA1BPzXjSohKYDRT472wGOvjc:x -i -X GET http://127.0.0.1:5000/api/resource`,
};

/** Printed texts and their replacements. */
type Replacements = readonly (readonly [text: string, real: unknown])[];

/** Address of the API, and working directory of the calls. */
interface Place {
  readonly url: string;
  readonly directory: string;
}

/** Runs a call with the real host and other replacements, and returns the JSON of the answer. */
async function answerOf({ url, directory }: Place, command: string, ...real: Replacements): Promise<unknown> {
  const hosts = ['http://192.168.3.12:8000', 'http://127.0.0.1:5000'].map((host) => [host, url]);
  let line = command;
  for (const [text = '', instead] of [...hosts, ...real]) line = line.replaceAll(text, String(instead));
  const { stdout } = await run('sh', ['-c', line], { cwd: directory, env: { ...process.env, no_proxy: '*' } });
  const [head = '', body = ''] = stdout.split('\r\n\r\n');
  expect(head, stdout).to.match(/^HTTP\/1\.1 200 OK\r\n/);
  expect(head.toLowerCase()).to.include('\r\ncontent-type: application/json');
  return JSON.parse(body);
}

export function printedCallsContract(subject: Subject): void {
  const directory = temporaryDirectory();
  const answer = (command: string, ...real: Replacements) =>
    answerOf({ url: subject.there.baseUrl, directory }, command, ...real);

  describe('the calls of the original document', () => {
    programs('curl');

    it('of /v1 answer as it says, with the real host, name, code and token', async () => {
      const name = `13889${randomUUID()}`;
      const accout = ['13889131111', name] as const;
      const { identify_code: code } = (await answer(printed.code, accout)) as { identify_code: number };
      expect(code).to.be.within(100_000, 999_999);
      expect(await answer(printed.register, accout, ['"111111"', `"${code}"`])).to.deep.equal({ accout: name });
      const session = (await answer(printed.login, accout)) as { login: string; object_id: string; token: string };
      expect(session).to.have.all.keys('login', 'object_id', 'token');
      expect(session.login).to.equal(name);
      const { token, object_id: objectId } = session;
      const viewed = await answer(printed.view, ['jincm', name], ['other_user_token', token]);
      expect(viewed).to.deep.include({ accout: name, object_id: objectId });
      const printedToken = /token=(\S+)/.exec(printed.post)?.[1] ?? '';
      const posted = (await answer(printed.post, [printedToken, token])) as { post_id: string };
      expect(posted.post_id).to.match(/^[0-9a-f]{24}$/);
      const file = randomBytes(100_000);
      writeFileSync(join(directory, 'file.tar.gz'), file);
      const uploaded = (await answer(printed.upload, ['$TOKEN', token])) as { file_id: string };
      expect(uploaded.file_id).to.match(/^[0-9a-f]{24}$/);
      const sha256 = createHash('sha256').update(file).digest('hex');
      expect(uploaded).to.deep.include({ upload: 'file.tar.gz', length: file.length, sha256 });
      expect(await answer(printed.logout, ['jincm', name], ['token=1111', `token=${token}`])).to.deep.equal({
        logout: name,
      });
    });

    it('of /api answer as it says, with the real host, name and token', async () => {
      const { username, password } = await subject.here.newAccount(`miguel-${randomUUID()}`, 'python');
      const signed = (await answer(printed.signedToken, ['miguel:python', `${username}:${password}`])) as {
        token: string;
        duration: number;
      };
      expect(signed.duration).to.equal(600);
      const printedToken = /-u (\S+):x/.exec(printed.resource)?.[1] ?? '';
      const greeting = await answer(printed.resource, [printedToken, signed.token]);
      expect(greeting).to.deep.equal({ data: `Hello, ${username}!` });
    });
  });
}
