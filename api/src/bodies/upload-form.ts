import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import {
  bodyNotMultipart,
  bodyTooLarge,
  contentTypeMissing,
  invalidFileName,
  parameterInvalid,
  parameterMissing,
} from '@keybin/shared/errors.js';
import { hasBody } from '../requests/has-body.js';

/** Maximum size of a form without its file: the other parts, and the lines between them. */
const restBytes = 1024 * 1024;
const maxFields = 20;
const maxNameBytes = 255;

const multipart = /^\s*multipart\/form-data\s*;/i;

/** True if the body of a request is said to be a form with files. */
export const isForm = (headers: IncomingMessage['headers']): boolean => multipart.test(headers['content-type'] ?? '');

const controlOrReplaced = /[\p{Cc}\p{Cs}\ufffd]/u;

/** File of a form. Its bytes are read as they arrive. */
export interface FilePart {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Reads the form of an upload: `action=upload` and the file `filename`, in any order. Calls `take` when the file
 * begins, and reads from the connection only as fast as `take` does. Resolves with the result of `take` once the whole
 * form has arrived. Throws the error of `take`, the reason of `signal`, or an error about the form, but not before
 * `take` has ended.
 */
export async function readUploadForm<T>(
  request: IncomingMessage,
  take: (file: FilePart) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  if (request.destroyed) throw bodyNotMultipart(); // the client has disconnected: no event would come, not even an end
  const form = new UploadForm(request, take);
  const stop = () => form.fail(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await form.read();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

class UploadForm<T> {
  readonly #parser: BusboyInstance;
  #file: BusboyFileStream | undefined;
  #taking: Promise<T> | undefined;
  #hasAction = false;
  #receivedBytes = 0;
  #end: (error?: unknown) => void = () => {};

  constructor(
    private readonly request: IncomingMessage,
    private readonly take: (file: FilePart) => Promise<T>,
  ) {
    this.#parser = parserOf(request);
  }

  /** Stops reading: `read` throws `error`. */
  fail(error: unknown): void {
    this.#end(error);
  }

  async read(): Promise<T> {
    const { request } = this;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = (error) => (error === undefined ? resolve() : reject(error));
        this.#listen();
        request.pipe(this.#parser);
      });
    } catch (error) {
      request.unpipe(this.#parser);
      this.#file?.destroy();
      await this.#taking?.catch(() => {});
      throw error;
    }
    if (!this.#hasAction) throw parameterMissing('action');
    if (!this.#taking) throw parameterMissing('filename');
    return this.#taking;
  }

  #listen(): void {
    const fail = (error: unknown) => this.fail(error);
    this.request.on('data', (bytes: Buffer) => {
      this.#receivedBytes += bytes.length;
      if (this.#receivedBytes - (this.#file?.bytesRead ?? 0) > restBytes) fail(bodyTooLarge(restBytes));
    });
    this.request.once('close', () => this.request.complete || fail(bodyNotMultipart())); // the client has disconnected
    this.#parser.on('error', () => fail(bodyNotMultipart()));
    this.#parser.on('finish', () => {
      if (this.#taking) this.#taking.then(() => this.#end(), fail);
      else this.#end();
    });
    this.#parser.on('field', (name, value) => {
      if (name === 'filename') fail(parameterInvalid('filename', 'a file'));
      if (name !== 'action') return;
      if (value !== 'upload') fail(parameterInvalid('action', "'upload'"));
      this.#hasAction = true;
    });
    this.#parser.on('file', (field, file, name) => {
      file.on('error', () => fail(bodyNotMultipart()));
      const error = this.#file ? parameterInvalid('filename', 'one file') : wrongFile(field, name);
      if (error) {
        file.resume();
        return fail(error);
      }
      this.#file = file;
      this.#taking = this.take({ name, bytes: file });
      this.#taking.catch(fail);
    });
  }
}

/** Throws `content_type_missing`, `body_not_multipart`. */
function parserOf(request: IncomingMessage): BusboyInstance {
  const { headers } = request;
  const contentType = headers['content-type'] ?? '';
  if (contentType === '' && hasBody(request)) throw contentTypeMissing();
  const isPlain = ['', 'identity'].includes((headers['content-encoding'] ?? '').trim().toLowerCase());
  if (!isForm(headers) || !isPlain) throw bodyNotMultipart();
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': contentType },
      isPartAFile: (_field, _type, name) => name !== undefined,
      limits: { fields: maxFields, fieldSize: 1_024, headerPairs: 20, headerSize: 8_192 },
    });
  } catch {
    throw bodyNotMultipart(); // the header names no boundary
  }
}

/** Returns the error of a file with a wrong field or name. A browser sends a file without a name if none was chosen. */
function wrongFile(field: string, name: string): Error | undefined {
  if (field !== 'filename' || name === '') return parameterMissing('filename');
  return Buffer.byteLength(name) > maxNameBytes || controlOrReplaced.test(name) ? invalidFileName() : undefined;
}
