import { setTimeout as delay } from 'node:timers/promises';
import { OpenUpload, action, fileOf, sendForm, uploadPath } from '../../contract/v1/upload-calls.js';
import { weighted, type ActorParts } from './actor.js';
import { isNotFound, sure } from './client.js';
import { getFile, listFiles, sha256Of } from '../checkers/file-lists.js';
import type { SentFile } from '../checkers/files.js';
import { outcomeOf } from './requests.js';
import { V1Actor, type V1Session } from './v1-actor.js';

/** Longest pause between two requests of a client, in ms. */
const thinkingMs = 100;
/** Longest duration of an upload before its client aborts it, in ms. */
const stayingMs = 1_000;
/** Limits of file sizes, in bytes: most files are smaller than a chunk, some have a few chunks. */
const lengths = [0, 1_000, 20_000, 20_000, 300_000, 1_300_000] as const;

const actions = weighted({ upload: 40, break: 10, get: 20, list: 20, delete: 10 });

/** Uploads, aborts, reads, lists and deletes files, and records the outcomes. */
export class FileClient extends V1Actor {
  #files = 0;

  constructor(parts: ActorParts) {
    super(parts, thinkingMs);
  }

  protected async act(session: V1Session, token: string): Promise<void> {
    switch (this.parts.random.pick(actions)) {
      case 'upload':
        return this.#upload(session, token);
      case 'break':
        return this.#breakOff(session, token);
      case 'get':
        return this.#get(session, token);
      case 'list':
        return this.#list(session, token);
      case 'delete':
        return this.#delete(session, token);
    }
  }

  /** Returns a file whose text repeats its name, so that no two files are the same. */
  #newFile(): { readonly name: string; readonly text: string } {
    const name = `${this.parts.name}-${++this.#files}`;
    const length = Math.floor(this.parts.random.between(0, this.parts.random.pick(lengths)));
    return { name, text: `${name} `.repeat(Math.ceil(length / name.length)) };
  }

  async #upload(session: V1Session, token: string): Promise<void> {
    const { history } = this.parts;
    const { name, text } = this.#newFile();
    const api = this.api();
    const send = () => outcomeOf(history, 'upload', () => sendForm(api, token, [action, fileOf(text, name)]));
    const outcome = await history.during(api.baseUrl, send);
    if (outcome.kind === 'refused') return this.refused(session, outcome);
    const sha256 = sha256Of(text);
    const answer =
      // The contract's shape
      outcome.kind === 'ok' ? (JSON.parse(outcome.text) as { file_id: string; sha256: string }) : undefined;
    if (answer && answer.sha256 !== sha256) history.unexpected.push(`The SHA-256 of ${name} was answered wrongly`);
    session.life.files.sent.push({ name, sha256, ...sure(outcome), ...(answer && { id: answer.file_id }) });
    this.served(session, outcome, `upload of ${name}`);
  }

  async #breakOff({ life }: V1Session, token: string): Promise<void> {
    const { name, text } = this.#newFile();
    const fromMs = performance.now();
    const upload = new OpenUpload(this.api().baseUrl, token, name);
    await upload.send(Buffer.from(text));
    await delay(this.parts.random.between(0, stayingMs)); // so that faults hit the upload
    upload.break();
    life.files.sent.push({ name, sha256: sha256Of(text), isBroken: true, fromMs, toMs: performance.now() });
  }

  async #get(session: V1Session, token: string): Promise<void> {
    const file = this.#oneOf(session);
    if (!file) return;
    const { history } = this.parts;
    const { files, username, endingFromMs } = session.life;
    const outcome = await getFile(history, this.api(), file.id, token);
    const what = `file ${file.id} of ${username}, ${file.name},`;
    if (outcome.kind === 'ok') {
      if (files.isGone(file.name, outcome.fromMs)) history.findings.resurrected.push(`${what} was read after its end`);
      if (sha256Of(outcome.text) !== file.sha256) history.findings.stale.push(`${what} has other bytes`);
    } else if (isNotFound(outcome)) {
      const mayBeGone = files.mayBeGone(file.name, outcome.toMs) || outcome.toMs >= endingFromMs;
      if (!mayBeGone) history.findings.lost.push(`${what} is not there`);
    } else if (outcome.kind === 'refused') return this.refused(session, outcome);
    this.served(session, outcome, `download of ${file.id}`);
  }

  async #list(session: V1Session, token: string): Promise<void> {
    const { outcome, shown } = await listFiles(this.parts.history, () => this.api(), token);
    if (outcome.kind === 'refused') this.refused(session, outcome);
    if (shown) session.life.files.lists.push(shown);
    this.served(session, outcome, 'list of files');
  }

  /** Deletes a file. Each file is deleted at most once. */
  async #delete(session: V1Session, token: string): Promise<void> {
    const file = this.#oneOf(session);
    const { files, username, endingFromMs } = session.life;
    if (!file || files.deletes.has(file.name)) return;
    files.deletes.set(file.name, { fromMs: performance.now(), toMs: Infinity });
    const { history } = this.parts;
    const outcome = await outcomeOf(history, 'delete of a file', () =>
      this.api().send('DELETE', uploadPath(token, file.id)),
    );
    if (outcome.kind === 'ok') files.deletes.set(file.name, outcome);
    else if (isNotFound(outcome) && outcome.toMs < endingFromMs) {
      history.findings.lost.push(`file ${file.id} of ${username}, ${file.name}, was not there to be deleted`);
    } else if (outcome.kind === 'refused' && !isNotFound(outcome)) return this.refused(session, outcome);
    this.served(session, outcome, `delete of ${file.id}`);
  }

  #oneOf({ life }: V1Session): (SentFile & { readonly id: string }) | undefined {
    const { answered } = life.files;
    return answered.length === 0 ? undefined : this.parts.random.pick(answered);
  }
}
