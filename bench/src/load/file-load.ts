import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { action, fileOf, formEnd, formType, partHead, uploadPath } from '@keybin/test/contract/v1/upload-calls.js';

/** Sent repeatedly, so that the clients use little CPU time. */
const piece = Buffer.alloc(1024 * 1024, 'keybin');

/** A file server under load. Each method is one request of one client. */
export interface FileServer {
  readonly pid: number;
  /** Resolves with the ID for `download` and `remove`. */
  upload(bytes: number): Promise<string>;
  download(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Returns the bare server, which takes a body as it is. */
export function bareFiles(pid: number, url: string): FileServer {
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  return {
    pid,
    upload: async (bytes) => {
      const id = `/${next++ % 32}`;
      await send(agent, `${url}${id}`, bytes, { before: [], after: [] });
      return id;
    },
    download: (id) => receive(agent, `${url}${id}`),
    remove: async () => {}, // the next uploads overwrite the file
  };
}

/** Returns Keybin, which takes a form. */
export function keybinFiles(pid: number, url: string, token: string): FileServer {
  const agent = new Agent({ keepAlive: true });
  const before = [partHead(action), Buffer.from('upload\r\n'), partHead(fileOf(''))];
  const after = [Buffer.from('\r\n'), formEnd];
  return {
    pid,
    upload: async (bytes) => {
      const answer = await send(agent, `${url}${uploadPath(token)}`, bytes, { before, after });
      return (JSON.parse(answer) as { file_id: string }).file_id; // shape is asserted by the tests
    },
    download: (id) => receive(agent, `${url}${uploadPath(token, id)}`),
    remove: async (id) => {
      const sent = request(`${url}${uploadPath(token, id)}`, { method: 'DELETE', agent });
      sent.end();
      await textOf(sent);
    },
  };
}

async function send(
  agent: Agent,
  url: string,
  bytes: number,
  around: { readonly before: readonly Buffer[]; readonly after: readonly Buffer[] },
): Promise<string> {
  const length = [...around.before, ...around.after].reduce((sum, part) => sum + part.length, bytes);
  const headers = { 'content-type': formType, 'content-length': length };
  const sent = request(url, { method: 'POST', headers, agent });
  for (const part of around.before) sent.write(part);
  for (let left = bytes; left > 0; left -= piece.length) {
    if (!sent.write(piece.subarray(0, Math.min(left, piece.length)))) await once(sent, 'drain');
  }
  for (const part of around.after) sent.write(part);
  sent.end();
  return textOf(sent);
}

async function receive(agent: Agent, url: string): Promise<void> {
  const sent = request(url, { agent });
  sent.end();
  const answer = await answerTo(sent);
  answer.resume();
  await once(answer, 'end');
}

async function textOf(sent: ReturnType<typeof request>): Promise<string> {
  let text = '';
  for await (const part of await answerTo(sent)) text += String(part);
  return text;
}

async function answerTo(sent: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`A file was answered ${answer.statusCode}`);
  return answer;
}
