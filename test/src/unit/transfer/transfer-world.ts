import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Context } from '@keybin/cli/command/context.js';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { expectGreeting, getAs } from '../../contract/api/calls.js';
import { getPost, post, postIdIn, v1Token } from '../../contract/v1/calls.js';
import { download, uploadFile } from '../../contract/v1/upload-calls.js';
import { keybinJson, keybinScript, Written } from '../../world/processes/keybin-command.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';

export type Env = Readonly<Record<string, string>>;

/** Values that a careless conversion through JSON, BSON or UTF-8 changes. */
const oddValues: readonly unknown[] = [
  '\ud800 alone',
  JSON.parse('{"__proto__":{"a":1},"":[],"\\u0000":"NUL"}'),
  { _bsontype: 'ObjectId', $set: 1, 'a.b': null },
  [0, -1, 1e-7, 1.7976931348623157e308, false, ''],
  'line\u2028feed\r\n"\\',
  { '2': 'two', '1': 'one' },
];

/** Disposition of a file named `"γ"\`. */
const oddDisposition = `attachment; filename="____"; filename*=UTF-8''%22%CE%B3%22%5C`;

interface FullFile {
  readonly bytes: Buffer;
  /** Headers of a download that asks for the type of an image. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An account with data of every kind. */
export interface Full {
  readonly username: string;
  readonly password: string;
  readonly values: ReadonlyMap<string, unknown>;
  readonly posts: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, FullFile>;
}

export async function fullAccount(client: KeybinClient, entries = 0): Promise<Full> {
  const { username, password, token } = await client.newAccount();
  const values = new Map<string, unknown>(oddValues.map((value, index) => [`odd_${index}`, value]));
  for (let index = 0; index < entries; index++) values.set(`many.${index}`, { index, text: 'x'.repeat(50) });
  const puts = [...values];
  while (puts.length > 0) {
    const answers = puts.splice(0, 50).map(([key, value]) => client.put(token, key, value));
    for (const answer of await Promise.all(answers)) expectDone(answer);
  }
  const v1 = await v1Token(client, { username, password });
  const posts = new Map<string, string>();
  for (const content of ['first', '\ud800 alone']) {
    posts.set(postIdIn(await post(client, v1, content)), content);
  }
  const files = new Map<string, FullFile>();
  for (const [bytes, name, contentType, contentDisposition] of [
    [Buffer.alloc(0), 'empty', 'application/octet-stream', 'attachment; filename="empty"'],
    [Buffer.from('text'), 'a.gif', 'image/gif', 'inline; filename="a.gif"'],
    [randomBytes(1_300_000), '%22γ%22\\', 'application/octet-stream', oddDisposition],
  ] as const) {
    const { file_id: id } = await uploadFile(client, v1, bytes, name, contentType);
    files.set(id, { bytes, headers: { 'content-type': contentType, 'content-disposition': contentDisposition } });
  }
  return { username, password, values, posts, files };
}

/** Asserts that all data of the account is there, under its old passwords and ids. */
export async function expectFull(client: KeybinClient, full: Full): Promise<void> {
  const { username, password, values, posts, files } = full;
  const token = await client.logIn(username, password);
  expectKeys(await client.keys(token), [...values.keys()]);
  for (const [key, value] of values) expectValue(await client.get(token, key), value);
  expectGreeting(await getAs(client, '/api/resource', username, password), username);
  const v1 = await v1Token(client, { username, password });
  for (const [id, content] of posts) expect((await getPost(client, id, v1)).json).to.deep.include({ content });
  for (const [id, { bytes, headers }] of files) {
    const got = await download(client, `${v1}&inline=true`, id);
    expect(got.bytes.equals(bytes)).to.equal(true);
    expect(got.headers).to.include(headers);
  }
}

/** Context of a command whose output is dropped and which is never interrupted. */
export const quietly: Pick<Context, 'stderr' | 'cleanUpAtSignal'> = {
  stderr: new Written(),
  cleanUpAtSignal: () => () => {},
};

export const exportTo = (file: string, env: Env) => keybinJson<Record<string, unknown>>(['export', file], env);
export const importFrom = (file: string, env: Env) => keybinJson<Record<string, unknown>>(['import', file], env);

/** Returns a shell command line that runs `keybin` with these arguments and settings. */
function commandLine(args: string, env: Env): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  return `env ${settings.join(' ')} '${process.execPath}' '${keybinScript}' ${args}`;
}

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of shell in which `keybin` is the command with these settings. */
export function shell(line: string, env: Env): Promise<ShellResult> {
  const script = `set -o pipefail; keybin() { ${commandLine('"$@"', env)}; }; ${line}`;
  return new Promise((resolve) => {
    const child = execFile('bash', ['-c', script], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
