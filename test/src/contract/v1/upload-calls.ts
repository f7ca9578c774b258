import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { expectOk, type Answer, type KeybinClient } from '../../world/clients/keybin-client.js';

/** A part of a form. A part with a `filename` is a file. */
export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  /** Parameters of a file's `Content-Disposition` after the field, in place of `filename`. */
  readonly parameters?: string | Buffer;
  /** Type of a file. Default: application/octet-stream. */
  readonly contentType?: string;
  readonly content: string | Buffer;
}

export const action: FormPart = { name: 'action', content: 'upload' };
export const fileOf = (
  content: string | Buffer,
  filename = 'file.bin',
  contentType = 'application/octet-stream',
): FormPart => ({ name: 'filename', filename, contentType, content });

export const uploadPath = (token: string, id = '') => `/v1/users/upload${id && `/${id}`}?token=${token}`;

const boundary = `x${randomBytes(12).toString('hex')}`;
export const formType = `multipart/form-data; boundary=${boundary}`;

/** Returns the lines before a part. Names are sent unchanged. */
export function partHead({ name, filename, parameters, contentType }: Omit<FormPart, 'content'>): Buffer {
  const file = parameters ?? (filename === undefined ? '' : `; filename="${filename}"`);
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`),
    Buffer.from(file),
    Buffer.from(file === '' ? '' : `\r\nContent-Type: ${contentType ?? 'application/octet-stream'}`),
    Buffer.from('\r\n\r\n'),
  ]);
}

export const formEnd = Buffer.from(`--${boundary}--\r\n`);

export function formOf(parts: readonly FormPart[]): Buffer {
  const pieces = parts.flatMap((part) => [partHead(part), Buffer.from(part.content), Buffer.from('\r\n')]);
  return Buffer.concat([...pieces, formEnd]);
}

export function sendForm(client: KeybinClient, token: string, parts: readonly FormPart[]): Promise<Answer> {
  return client.send('POST', uploadPath(token), { body: formOf(parts), headers: { 'content-type': formType } });
}

export interface UploadAnswer {
  readonly upload: string;
  readonly file_id: string;
  readonly length: number;
  readonly sha256: string;
}

/** Uploads a file and returns the answer, whose shape is asserted in uploads.ts. Throws if the upload is refused. */
export async function uploadFile(
  client: KeybinClient,
  token: string,
  content: string | Buffer,
  filename?: string,
  contentType?: string,
): Promise<UploadAnswer> {
  const file = fileOf(content, filename, contentType);
  return expectOk(await sendForm(client, token, [action, file])).json as UploadAnswer;
}

/** Downloads a file with its bytes. */
export async function download(
  client: KeybinClient,
  token: string,
  id: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly bytes: Buffer }> {
  const sent = request(`${client.baseUrl}${uploadPath(token, id)}`, { method, headers });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(parts) };
}

/** An upload whose bytes the test sends step by step, in chunks of unknown total length. */
export class OpenUpload {
  readonly #request: ClientRequest;
  /** Rejects if the connection ends before the answer. */
  readonly answered: Promise<{ readonly status: number; readonly text: string }>;

  constructor(url: string, token: string, filename = 'open.bin') {
    this.#request = request(`${url}${uploadPath(token)}`, {
      method: 'POST',
      headers: { 'content-type': formType, 'transfer-encoding': 'chunked' },
      agent: false,
    });
    this.answered = new Promise((resolve, reject) => {
      this.#request.on('error', reject);
      this.#request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
      });
    });
    this.answered.catch(() => {}); // a test may break off the upload
    this.#request.write(
      Buffer.concat([partHead(action), Buffer.from('upload\r\n'), partHead({ name: 'filename', filename })]),
    );
  }

  /** Resolves when the bytes were handed to the connection. */
  async send(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.#request.write(bytes, () => resolve()));
  }

  /** Ends the form and returns the pending answer. */
  end(): typeof this.answered {
    this.#request.end(Buffer.concat([Buffer.from('\r\n'), formEnd]));
    return this.answered;
  }

  /** Destroys the connection. */
  break(): void {
    this.#request.destroy();
  }
}
