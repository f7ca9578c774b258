import { createHash, type Hash } from 'node:crypto';
import { BadLine, parseLine, type Counts, type EndLine } from './export-format.js';
import type { TransferRecord } from '../ports/transfer-records.js';

/** Checks the lines of an export one by one, and counts the records in them. */
export class ExportChecker {
  /** Number of the last line. The first line is 1. */
  lines = 0;
  readonly counts = { accounts: 0, entries: 0, posts: 0, files: 0 };
  highestNumber = 0;
  highestVersion = 0;
  /** Accounts, and `user/file` for files, that were erased during the export. */
  readonly gone = new Set<string>();
  end: EndLine | undefined;
  readonly #hash = createHash('sha256');
  /** User id of the last account. */
  #userId: string | undefined;
  #file: { readonly id: string; readonly length: number; readonly sha256: string; readonly hash: Hash } | undefined;
  #fileBytes = 0;
  #chunks = 0;

  /** SHA-256 of all lines so far, hexadecimal. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Adds a line that an exporter wrote, without checking it. */
  add(line: Buffer, record: TransferRecord): void {
    this.#hashLine(line);
    this.#count(record);
  }

  /**
   * Checks and adds the next line, without its line feed. Returns the record in it, if there is one. Throws a
   * `BadLine`.
   */
  next(line: Buffer): TransferRecord | undefined {
    if (this.end) throw new BadLine('it follows the end of the export');
    const parsed = parseLine(line.toString('utf8'));
    if (this.lines === 0 && parsed.type !== 'keybin') throw new BadLine('it is not the first line of an export');
    switch (parsed.type) {
      case 'keybin':
        if (this.lines > 0) throw new BadLine('only the first line may have this type');
        break;
      case 'end':
        this.#checkEnd(parsed);
        this.end = parsed;
        this.lines += 1;
        return undefined;
      default:
        this.#checkOrder(parsed);
        this.#count(parsed);
    }
    this.#hashLine(line);
    return parsed.type === 'keybin' ? undefined : parsed;
  }

  #hashLine(line: Buffer): void {
    this.#hash.update(line).update('\n');
    this.lines += 1;
  }

  #checkOrder(record: TransferRecord): void {
    if (record.type !== 'chunk' && record.type !== 'gone') this.#checkFile();
    switch (record.type) {
      case 'account':
        return;
      case 'gone':
        return; // several accounts may be erased together
      case 'chunk':
        if (record.fileId !== this.#file?.id || record.n !== this.#chunks) throw new BadLine('a chunk is missing');
        break;
      default:
    }
    if (record.userId !== this.#userId) throw new BadLine('it does not follow its account');
  }

  /** Ends the preceding file, if there is one. Returns whether all its chunks were added. */
  endFile(): boolean {
    if (!this.#file) return true;
    const { length, sha256, hash } = this.#file;
    this.#file = undefined;
    return this.#fileBytes === length && hash.digest('hex') === sha256;
  }

  #checkFile(): void {
    if (!this.endFile()) throw new BadLine('the file before it is incomplete');
  }

  #checkEnd(end: EndLine): void {
    this.#checkFile();
    if (end.sha256 !== this.sha256) throw new BadLine('the checksum does not match the lines before it');
    for (const [what, count] of Object.entries(end.counts)) {
      // `counts` has exactly these members
      if (this.counts[what as keyof Counts] !== count) throw new BadLine(`it has a wrong number of ${what}: ${count}`);
    }
  }

  #count(record: TransferRecord): void {
    switch (record.type) {
      case 'account':
        this.#userId = record.account.userId;
        this.counts.accounts += 1;
        this.highestNumber = Math.max(this.highestNumber, record.account.number);
        break;
      case 'entry':
        this.counts.entries += 1;
        this.highestVersion = Math.max(this.highestVersion, record.version);
        break;
      case 'post':
        this.counts.posts += 1;
        break;
      case 'file':
        this.counts.files += 1;
        this.#file = { ...record.file, hash: createHash('sha256') };
        this.#fileBytes = 0;
        this.#chunks = 0;
        break;
      case 'chunk':
        this.#file?.hash.update(record.bytes);
        this.#fileBytes += record.bytes.length;
        this.#chunks += 1;
        break;
      case 'gone':
        this.gone.add(record.fileId === undefined ? record.userId : `${record.userId}/${record.fileId}`);
        this.#file = undefined;
    }
  }
}
