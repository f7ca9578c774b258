import { isFileId } from '../ids/file-id.js';
import { isPostId, isPostIdOf } from '../ids/post-id.js';
import type { Account } from '../ports/engine.js';
import { fileLabel, imageTypeOf, type FileLabel } from '../ports/file-label.js';
import { keyPattern } from '../ids/entry-key.js';
import { isUserId, userIdPattern } from '../ids/user-id.js';
import { isUsername } from '../ids/username.js';
import type { TransferRecord } from '../ports/transfer-records.js';

/**
 * Version of the export format. An export is lines of JSON in UTF-8, each ended by a line feed:
 *
 *     {"type":"keybin","format":1,"source":...}                                        the first
 *     {"type":"account","account":{...}}                                               followed by its data:
 *     {"type":"entry","user":...,"key":...,"version":...,"value":...}
 *     {"type":"post","user":...,"id":...,"value":...}
 *     {"type":"file","user":...,"file":{...}}  {"type":"chunk","user":...,"file":...,"n":0,"bytes":<base64>}
 *     {"type":"gone","user":...}                                                       erased meanwhile: does not count
 *     {"type":"end","counts":{...},"sha256":<of all lines before it>}                  the last, if it is complete
 *
 * Members are in this order and without spaces. A value is copied as text, unchanged.
 */
export const exportFormat = 1;

export interface HeadLine {
  readonly type: 'keybin';
  readonly format: number;
  /** Location of the data. */
  readonly source: string;
}

/** Number of lines of each kind. */
export interface Counts {
  readonly accounts: number;
  readonly entries: number;
  readonly posts: number;
  readonly files: number;
}

export interface EndLine {
  readonly type: 'end';
  readonly counts: Counts;
  /** SHA-256 of all lines before this one, hexadecimal. */
  readonly sha256: string;
}

export type ParsedLine = HeadLine | EndLine | TransferRecord;

export const printHead = (source: string): string => JSON.stringify({ type: 'keybin', format: exportFormat, source });

export const printEnd = ({ counts, sha256 }: Omit<EndLine, 'type'>): string =>
  JSON.stringify({ type: 'end', counts, sha256 });

export function printRecord(record: TransferRecord): string {
  switch (record.type) {
    case 'account':
      return JSON.stringify({ type: 'account', account: inOrder(record.account) });
    case 'entry': {
      const { userId, key, version, json } = record;
      return `{"type":"entry","user":"${userId}","key":"${key}","version":${version},"value":${json}}`;
    }
    case 'post':
      return `{"type":"post","user":"${record.userId}","id":"${record.id}","value":${record.json}}`;
    case 'file':
      return JSON.stringify({ type: 'file', user: record.userId, file: record.file });
    case 'chunk': {
      const { userId, fileId, n, bytes } = record;
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      return `{"type":"chunk","user":"${userId}","file":"${fileId}","n":${n},"bytes":"${base64}"}`;
    }
    default:
      return JSON.stringify({ type: record.type, user: record.userId, file: record.fileId });
  }
}

/** Returns the account with its members in a fixed order, so that both engines export the same text. */
const inOrder = (account: Account): Account => ({
  userId: account.userId,
  number: account.number,
  objectId: account.objectId,
  username: account.username,
  passwordHash: account.passwordHash,
  createdAt: account.createdAt,
  disabled: account.disabled,
  generation: account.generation,
});

/** Error that says what is wrong with a line. */
export class BadLine extends Error {
  override readonly name = 'BadLine';
}

const entryLine = new RegExp(
  `^\\{"type":"entry","user":"(${userIdPattern})","key":"(${keyPattern})","version":(\\d{1,16}),"value":(.+)\\}$`,
  's',
);
// lines may hold U+2028, which `.` takes for an end without the flag `s`
const postLine = new RegExp(
  `^\\{"type":"post","user":"(${userIdPattern})","id":"([0-9a-f]{24})","value":(.+)\\}$`,
  's',
);
const chunkLine = new RegExp(
  `^\\{"type":"chunk","user":"(${userIdPattern})","file":"([0-9a-f]{24})","n":(\\d{1,8}),"bytes":"([A-Za-z0-9+/]+={0,2})"\\}$`,
);

/**
 * Upper bound of versions, in µs. A store counts on from the highest version and number that it imports, and needs room
 * for that.
 */
const latestVersion = Date.UTC(2200, 0) * 1_000;
const highestNumber = 2 ** 48;

/** Parses a line of an export. Throws a `BadLine`. */
export function parseLine(line: string): ParsedLine {
  const [, entryUser, key, version, entryJson] = entryLine.exec(line) ?? [];
  if (entryUser !== undefined && key !== undefined && entryJson !== undefined) {
    if (Number(version) > latestVersion) throw new BadLine("'version' is too far in the future");
    return { type: 'entry', userId: entryUser, key, version: Number(version), json: checkedValue(entryJson) };
  }
  const [, postUser, id, postJson] = postLine.exec(line) ?? [];
  if (postUser !== undefined && id !== undefined && postJson !== undefined) {
    if (!isPostId(id) || !isPostIdOf(id, postUser))
      throw new BadLine('the id does not belong to a post of this account');
    return { type: 'post', userId: postUser, id, json: checkedValue(postJson) };
  }
  const [, chunkUser, fileId, n, base64] = chunkLine.exec(line) ?? [];
  if (chunkUser !== undefined && fileId !== undefined && base64 !== undefined) {
    return { type: 'chunk', userId: chunkUser, fileId, n: Number(n), bytes: Buffer.from(base64, 'base64') };
  }
  return parseOther(line);
}

function checkedValue(json: string): string {
  if (parse(json) === null) throw new BadLine('the value is null');
  return json;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new BadLine('it is not JSON');
  }
}

function parseOther(line: string): ParsedLine {
  const parsed = parse(line);
  if (typeof parsed !== 'object' || parsed === null || !('type' in parsed)) throw new BadLine('it has no type');
  const { type, ...members } = parsed as { readonly type: unknown } & Members; // checked below
  switch (type) {
    case 'keybin':
      if (members['format'] !== exportFormat)
        throw new BadLine(`it has format ${String(members['format'])}, not ${exportFormat}`);
      return { type, format: exportFormat, source: textMember(members, 'source') };
    case 'account':
      return { type, account: accountIn(objectMember(members, 'account')) };
    case 'file': {
      const file = objectMember(members, 'file');
      const id = textMember(file, 'id', isFileId);
      const digest = { length: wholeNumberMember(file, 'length'), sha256: textMember(file, 'sha256', isSha256) };
      return { type, userId: userMember(members), file: { id, ...labelIn(file), ...digest } };
    }
    case 'gone':
      return {
        type,
        userId: userMember(members),
        ...('file' in members && { fileId: textMember(members, 'file', isFileId) }),
      };
    case 'end': {
      const counts = objectMember(members, 'counts');
      const [accounts, entries] = [wholeNumberMember(counts, 'accounts'), wholeNumberMember(counts, 'entries')];
      const [posts, files] = [wholeNumberMember(counts, 'posts'), wholeNumberMember(counts, 'files')];
      return { type, counts: { accounts, entries, posts, files }, sha256: textMember(members, 'sha256', isSha256) };
    }
    case 'entry':
    case 'post':
    case 'chunk':
      throw new BadLine(`it is not a valid line of type ${type}`);
    default:
      throw new BadLine('it has an unknown type');
  }
}

type Members = Readonly<Record<string, unknown>>;

function accountIn(members: Members): Account {
  const createdAt = new Date(textMember(members, 'createdAt'));
  if (Number.isNaN(createdAt.getTime())) throw new BadLine("'createdAt' is not a time");
  const disabled = members['disabled'];
  if (typeof disabled !== 'boolean') throw new BadLine("'disabled' is neither true nor false");
  const number = wholeNumberMember(members, 'number');
  if (number === 0 || number > highestNumber) throw new BadLine(`'number' is out of range: ${number}`);
  return {
    userId: textMember(members, 'userId', isUserId),
    number,
    objectId: textMember(members, 'objectId', isFileId),
    username: textMember(members, 'username', isUsername),
    passwordHash: textMember(members, 'passwordHash', isBcrypt),
    createdAt,
    disabled,
    generation: wholeNumberMember(members, 'generation'),
  };
}

function labelIn(file: Members): FileLabel {
  const contentType = 'contentType' in file ? imageTypeOf(textMember(file, 'contentType')) : undefined;
  return fileLabel(textMember(file, 'name'), contentType);
}

const isBcrypt = (text: string) => /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(text);
const isSha256 = (text: string) => /^[0-9a-f]{64}$/.test(text);

const userMember = (members: Members) => textMember(members, 'user', isUserId);

function textMember(members: Members, name: string, isRight: (text: string) => boolean = () => true): string {
  const member = members[name];
  if (typeof member !== 'string' || !isRight(member)) throw new BadLine(`'${name}' is not valid`);
  return member;
}

function wholeNumberMember(members: Members, name: string): number {
  const member = members[name];
  if (typeof member !== 'number' || !Number.isSafeInteger(member) || member < 0)
    throw new BadLine(`'${name}' is not a whole number`);
  return member;
}

function objectMember(members: Members, name: string): Members {
  const member = members[name];
  if (typeof member !== 'object' || member === null) throw new BadLine(`'${name}' is not an object`);
  return member as Members; // its members are checked one by one
}
