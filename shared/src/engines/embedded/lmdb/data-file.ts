import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '../../../errors.js';

/**
 * Reads the pages of `data.mdb` with system calls. LMDB itself maps the file into memory: a missing page ends its
 * process with SIGBUS, and a wrong page number with SIGSEGV. The layout is that of LMDB's data version 2 on a
 * little-endian machine, from `mdb.c` of lmdb 3.5.
 */

const headBytes = 24;
const nodeHeadBytes = 8;
const idBytes = 8;
/** Page number for the root of an empty tree. */
const noPage = 2n ** 64n - 1n;
const pageKinds = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
const allPageKinds = 0x0f;
const valueIsOnPages = 0x01;

interface Tree {
  /** Number of its root page. Absent if the tree is empty. */
  readonly root?: number;
  readonly records: number;
}

interface TreeRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** State after a transaction. */
interface Snapshot {
  readonly transaction: bigint;
  readonly pageBytes: number;
  /** Number of the last page that was ever used. */
  readonly lastPage: number;
  readonly freePages: Tree;
  /** The named databases. The value of each record is its `Tree`. */
  readonly databases: Tree;
}

/**
 * Throws an error of one line if the file is empty, if pages in use are missing at its end, or if the list of databases
 * or one of those that are opened first is damaged. Nobody may commit meanwhile. A file may be shorter than its last
 * page: LMDB does not write free pages at the end.
 */
export function checkDataFile(file: string, openedFirst: readonly string[]): void {
  withPages(file, (pages) => {
    for (const [name, tree] of pages.databases()) if (openedFirst.includes(name)) pages.check(tree);
    const { pageBytes, lastPage } = pages.snapshot;
    const firstMissing = Math.floor(pages.fileBytes / pageBytes);
    if (firstMissing > lastPage) return;
    const free = new Set<number>();
    for (const page of pages.freePages()) if (page >= firstMissing) free.add(page);
    for (let page = firstMissing; page <= lastPage; page++) if (!free.has(page)) throw pages.cutOff();
  });
}

/**
 * Reads all pages in use. Returns a line for each part that is damaged. The pages must stay as they are meanwhile:
 * nobody commits, or a read transaction is open that began earlier.
 */
export function damagedParts(file: string): string[] {
  const damages: string[] = [];
  const check = (part: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      damages.push(`${part}: ${reasonOf(error)}`);
    }
  };
  check('data.mdb', () =>
    withPages(file, (pages) => {
      let databases: [string, Tree][] = [];
      check('list of databases', () => (databases = pages.databases()));
      for (const [name, tree] of databases) check(`database ${name}`, () => pages.check(tree));
      check('list of free pages', () => pages.checkFreePages());
    }),
  );
  return damages;
}

function withPages<T>(file: string, work: (pages: DataPages) => T): T {
  const descriptor = openSync(file, 'r');
  try {
    return work(new DataPages(descriptor));
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'a length in data.mdb is wrong: restore it from a backup';
  return messageOf(error);
}

class DataPages {
  /** Length of the file, at least that of the snapshot. */
  readonly fileBytes: number;
  readonly snapshot: Snapshot;
  /** 1 for each page that was found in one of the checked trees. */
  readonly #found: Uint8Array;

  constructor(private readonly descriptor: number) {
    if (fstatSync(descriptor).size === 0) {
      throw new Error('data.mdb is empty: restore it from a backup, or remove it if the store is new');
    }
    const first = this.#snapshotAt(0);
    const second = this.#snapshotAt(first.pageBytes);
    this.snapshot = first.transaction >= second.transaction ? first : second;
    this.fileBytes = fstatSync(descriptor).size; // after the snapshot, because the file may grow
    this.#found = new Uint8Array(this.snapshot.lastPage + 1);
  }

  cutOff(): Error {
    const { size } = fstatSync(this.descriptor);
    return new Error(`data.mdb is cut off at ${size} bytes and lacks data: restore it from a backup`);
  }

  /** Yields the number of each free page. */
  *freePages(): Generator<number> {
    for (const { value } of this.#records(this.snapshot.freePages)) {
      const idAt = (n: number) => Number(value.readBigInt64LE(n * idBytes));
      const ids = idAt(0);
      for (let n = 1; n <= ids; n++) {
        const id = idAt(n);
        if (id > 0) yield id;
        if (id >= 0) continue; // 0 fills a gap
        n += 1;
        for (let k = 0; k < -id; k++) yield idAt(n) + k; // a run of -id pages
      }
    }
  }

  checkFreePages(): void {
    let count = 0;
    for (const _ of this.#records(this.snapshot.freePages, this.#note)) count += 1; // its keys are numbers
    this.#checkCount(this.snapshot.freePages, count);
    for (const page of this.freePages()) {
      if (this.#found[page] === 1) throw new Error(`page ${page} is in use`);
    }
  }

  /** Returns the named databases. */
  databases(): [name: string, tree: Tree][] {
    const found: [string, Tree][] = [];
    this.check(this.snapshot.databases, ({ key, value }) => found.push([key.toString(), treeAt(value, 0)]));
    return found;
  }

  /** Reads all records of a tree. Throws if their order or number is wrong, or if a page is in two trees. */
  check(tree: Tree, each: (record: TreeRecord) => void = () => {}): void {
    let last: Buffer | undefined;
    let count = 0;
    for (const record of this.#records(tree, this.#note)) {
      if (last && Buffer.compare(last, record.key) >= 0) throw new Error('its keys are not in order');
      last = record.key;
      count += 1;
      each(record);
    }
    this.#checkCount(tree, count);
  }

  #checkCount({ records }: Tree, count: number): void {
    if (count !== records) throw new Error(`it has ${count} records instead of ${records}`);
  }

  /** Notes pages that were found. Throws if one of them was found before. */
  readonly #note = (first: number, pages = 1): void => {
    for (let page = first; page < first + pages; page++) {
      if (page > this.snapshot.lastPage) throw new Error(`page ${page} does not exist`);
      if (this.#found[page] === 1) throw new Error(`page ${page} is used twice`);
      this.#found[page] = 1;
    }
  };

  *#records(
    { root }: Pick<Tree, 'root'>,
    note: (first: number, pages?: number) => void = () => {},
  ): Generator<TreeRecord> {
    if (root === undefined) return;
    note(root);
    const page = this.#page(root);
    if (kindOf(page) === pageKinds.branch) {
      for (const node of nodesOf(page, root)) yield* this.#records({ root: node.readUIntLE(0, 6) }, note);
      return;
    }
    if (kindOf(page) !== pageKinds.leaf) throw wrongPage(root);
    for (const node of nodesOf(page, root)) {
      const bytes = node.readUInt32LE(0);
      const keyEnd = nodeHeadBytes + node.readUInt16LE(6);
      const key = node.subarray(nodeHeadBytes, keyEnd);
      if ((node.readUInt16LE(4) & valueIsOnPages) === 0) {
        if (node.length < keyEnd + bytes) throw wrongPage(root);
        yield { key, value: node.subarray(keyEnd, keyEnd + bytes) };
      } else {
        const first = Number(node.readBigUInt64LE(keyEnd));
        note(first, Math.ceil((headBytes + bytes) / this.snapshot.pageBytes));
        const pages = this.#page(first, headBytes + bytes);
        if (kindOf(pages) !== pageKinds.overflow) throw wrongPage(first);
        yield { key, value: pages.subarray(headBytes) };
      }
    }
  }

  /** Returns a page, or the first `bytes` of pages that follow each other. Throws if it has another page's number. */
  #page(number: number, bytes = this.snapshot.pageBytes): Buffer {
    const position = number * this.snapshot.pageBytes;
    if (position + bytes > this.fileBytes) throw this.cutOff(); // a damaged length may be more than the memory
    const page = this.#read(position, bytes);
    if (Number(page.readBigUInt64LE(0)) !== number) throw wrongPage(number);
    return page;
  }

  #snapshotAt(position: number): Snapshot {
    const meta = this.#read(position, headBytes + 136);
    if (kindOf(meta) !== pageKinds.meta) throw wrongPage(position === 0 ? 0 : 1);
    return {
      pageBytes: meta.readUInt32LE(48),
      freePages: treeAt(meta, 48),
      databases: treeAt(meta, 96),
      lastPage: Number(meta.readBigUInt64LE(144)),
      transaction: meta.readBigUInt64LE(152),
    };
  }

  #read(position: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    if (readSync(this.descriptor, buffer, 0, bytes, position) < bytes) throw this.cutOff();
    return buffer;
  }
}

const kindOf = (page: Buffer) => page.readUInt16LE(18) & allPageKinds;

const wrongPage = (number: number) => new Error(`page ${number} of data.mdb is damaged: restore it from a backup`);

/** Yields the nodes of a page. A node reaches from its start to the end of the page. */
function* nodesOf(page: Buffer, number: number): Generator<Buffer> {
  const count = page.readUInt16LE(20) >> 1;
  for (let n = 0; n < count; n++) {
    const at = headBytes + 2 * n;
    const start = at + 2 <= page.length ? headBytes + page.readUInt16LE(at) : page.length;
    if (start + nodeHeadBytes > page.length) throw wrongPage(number);
    yield page.subarray(start);
  }
}

function treeAt(bytes: Buffer, position: number): Tree {
  const root = bytes.readBigUInt64LE(position + 40);
  return { records: Number(bytes.readBigUInt64LE(position + 32)), ...(root !== noPage && { root: Number(root) }) };
}
