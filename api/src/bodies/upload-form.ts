import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import { Dicer } from '@fastify/busboy';
import {
  bodyNotMultipart,
  bodyTooLarge,
  contentTypeMissing,
  fileTooLarge,
  formEncodingNotSupported,
  parameterInvalid,
  parameterMissing,
  tooManyFields,
} from '@keybin/shared/errors.js';
import { fileLabel, imageTypeOf, type FileLabel } from '@keybin/shared/ports/file-label.js';
import { hasBody } from '../requests/has-body.js';
import { fileNameIn } from './file-name.js';
import { headerParameters } from './header-parameters.js';

/** Maximum size of a form without its file: the other parts, and the lines between them. */
const restBytes = 1024 * 1024;
/** Returns the maximum size of a form whose file has at most `fileLimitBytes`. */
export const formLimitBytes = (fileLimitBytes: number): number => fileLimitBytes + restBytes;

const maxFields = 20;
const maxPartHeaders = 20;

const multipart = /^\s*multipart\/form-data\s*;/i;
const formData = /^\s*form-data\s*;/i;

/** True if the body of a request is said to be a form with files. */
export const isForm = (headers: IncomingMessage['headers']): boolean => multipart.test(headers['content-type'] ?? '');

/** File of a form. Its bytes are read as they arrive. */
export interface FilePart extends FileLabel {
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Reads the form of an upload: `action=upload` and the file `filename`, in any order. Calls `take` when the file
 * begins, and reads from the connection only as fast as `take` does. Resolves with the result of `take` once the whole
 * form has arrived. Throws the error of `take`, the reason of `signal`, or an error about the form, but not before
 * `take` has ended. A form that says that it is too large for a file of `fileLimitBytes` is not read.
 */
export async function readUploadForm<T>(
  request: IncomingMessage,
  take: (file: FilePart) => Promise<T>,
  { signal, fileLimitBytes }: { readonly signal: AbortSignal; readonly fileLimitBytes: number },
): Promise<T> {
  signal.throwIfAborted();
  if (request.destroyed) throw bodyNotMultipart(); // the client has disconnected: no event would come, not even an end
  const form = new UploadForm(request, take, fileLimitBytes);
  const stop = () => form.fail(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await form.read();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Headers of a part by their names in lower case. Values are binary strings. */
type PartHeaders = Readonly<Record<string, readonly string[] | undefined>>;

class UploadForm<T> {
  readonly #parser: Dicer;
  /**
   * Gives the body to the parser, a piece once the file's bytes of the one before are taken. The parser itself cannot
   * say when, because it never takes the last piece if the form ended while a part was full.
   */
  readonly #body: Writable;
  #next: (() => void) | undefined;
  #file: Dicer.PartStream | undefined;
  #taking: Promise<T> | undefined;
  /** Resolves when `action` has arrived. */
  #action: Promise<void> | undefined;
  #fields = 0;
  #receivedBytes = 0;
  /** Bytes of the file that were taken. */
  #takenBytes = 0;
  #end: (error?: unknown) => void = () => {};

  constructor(
    private readonly request: IncomingMessage,
    private readonly take: (file: FilePart) => Promise<T>,
    fileLimitBytes: number,
  ) {
    const parser = parserOf(request, fileLimitBytes);
    this.#parser = parser;
    this.#body = new Writable({
      write: (bytes: Buffer, _encoding, next) => {
        if (this.#receivedBytes - this.#takenBytes > restBytes) this.fail(bodyTooLarge(restBytes));
        this.#receivedBytes += bytes.length;
        parser.write(bytes);
        if (this.#file?.readableLength) this.#next = next;
        else next();
      },
      final: (next) => {
        parser.end();
        next();
      },
    });
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
        request.pipe(this.#body);
      });
    } catch (error) {
      request.unpipe(this.#body);
      this.#file?.destroy();
      await this.#taking?.catch(() => {});
      throw error;
    }
    if (!this.#action) throw parameterMissing('action');
    if (!this.#taking) throw parameterMissing('filename');
    return this.#taking;
  }

  #listen(): void {
    const fail = (error: unknown) => this.fail(error);
    this.request.once('close', () => this.request.complete || fail(bodyNotMultipart())); // the client has disconnected
    this.#parser.on('error', () => fail(bodyNotMultipart()));
    const arrived = once(this.#body, 'finish');
    this.#parser.on('finish', () => {
      Promise.all([arrived, this.#taking, this.#action]).then(() => this.#end(), fail);
    });
    this.#parser.on('part', (part) => {
      part.on('error', () => fail(bodyNotMultipart()));
      part.on('header', (headers) => {
        try {
          this.#begin(part, headers as PartHeaders); // as Dicer makes them
        } catch (error) {
          part.resume();
          fail(error);
        }
      });
    });
  }

  /** Begins a part. A part that is not of a form is skipped. */
  #begin(part: Dicer.PartStream, headers: PartHeaders): void {
    const disposition = headers['content-disposition']?.[0] ?? '';
    const parameters = formData.test(disposition) ? headerParameters(disposition) : undefined;
    const field = parameters?.get('name');
    const name = parameters && fileNameIn(parameters);
    if (name !== undefined) return this.#beginFile(part, field, fileLabel(name, imageTypeOf(typeIn(headers))));
    if (parameters && ++this.#fields > maxFields) throw tooManyFields(maxFields);
    if (field === 'filename') throw parameterInvalid('filename', 'a file');
    if (field !== 'action') return void part.resume();
    const before = this.#action;
    this.#action = readAction(part).then(() => before);
    this.#action.catch((error: unknown) => this.fail(error));
  }

  #beginFile(part: Dicer.PartStream, field: string | undefined, label: FileLabel): void {
    if (this.#file) throw parameterInvalid('filename', 'one file');
    if (field !== 'filename' || label.name === '') throw parameterMissing('filename'); // none was chosen
    this.#file = part;
    this.#taking = this.take({ ...label, bytes: this.#bytesOf(part) });
    this.#taking.catch((error: unknown) => this.fail(error));
  }

  async *#bytesOf(part: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of part) {
      this.#takenBytes += piece.length;
      const next = this.#next;
      this.#next = undefined;
      next?.();
      yield piece;
    }
  }
}

const typeIn = (headers: PartHeaders) => headers['content-type']?.[0] ?? '';

/** Resolves if the part is `upload`. Throws `parameter_invalid`. */
async function readAction(part: AsyncIterable<Buffer>): Promise<void> {
  let action = '';
  for await (const piece of part) action = (action + piece.toString('latin1')).slice(0, 'upload'.length + 1);
  if (action !== 'upload') throw parameterInvalid('action', "'upload'");
}

/** Throws `content_type_missing`, `body_not_multipart`, `encoding_not_supported`, `file_too_large`. */
function parserOf(request: IncomingMessage, fileLimitBytes: number): Dicer {
  const { headers } = request;
  const contentType = headers['content-type'] ?? '';
  if (contentType === '' && hasBody(request)) throw contentTypeMissing();
  if (!isForm(headers)) throw bodyNotMultipart();
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (!['', 'identity'].includes(encoding)) throw formEncodingNotSupported();
  if (Number(headers['content-length'] ?? 0) > formLimitBytes(fileLimitBytes)) throw fileTooLarge(fileLimitBytes);
  try {
    return new Dicer({ boundary: headerParameters(contentType).get('boundary'), maxHeaderPairs: maxPartHeaders });
  } catch {
    throw bodyNotMultipart(); // the header names no boundary
  }
}
