import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, MongoClient } from 'mongodb';
import { parsePendingEntry } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { ms } from './history.js';

const usPerMs = 1_000;

/** When a version was given out, in ms of the run's one clock, as far as Redis's is right. */
const timeOf = (version: number) => ms(version / usPerMs - performance.timeOrigin);

const changeOf = (json: unknown) => (typeof json === 'string' ? `put ${JSON.parse(json)}` : 'deleted');

/** What became of one field of a pending hash, in the order of Redis's append-only file in `directory`, a line each. */
export function traceInRedis(directory: string, hash: string, field: string): string[] {
  return commandsOf(directory).flatMap(([name = '', key, of, text = '']) => {
    if (key !== hash || (of !== undefined && of !== field)) return [];
    if (name.toUpperCase() !== 'HSET') return [`Redis: ${name}`];
    const { version, json } = parsePendingEntry(text);
    return [`Redis: HSET, ${changeOf(json)} of ${timeOf(version)}`];
  });
}

/** What MongoDB's operation log has of one entry; nothing where a server keeps none. */
export function operationsOf(client: MongoClient, database: string, id: string): Promise<Document[]> {
  const log = client.db('local').collection('oplog.rs');
  return log.find({ ns: `${database}.store`, 'o2._id': id }).toArray();
}

/** Each of these operations, a line each. */
export function traceInMongo(operations: readonly Document[]): string[] {
  return operations.map(({ op, wall, o }) => {
    const at = `MongoDB at ${wall instanceof Date ? ms(wall.getTime() - performance.timeOrigin) : 'some time'}`;
    if (op === 'd') return `${at}: removed`;
    const { value, version } = { ...o, ...o.diff?.i, ...o.diff?.u, ...o.diff?.updatedFields }; // an update tells what it changed alone
    return `${at}: ${changeOf(value)} of ${timeOf(version)}`;
  });
}

/** All that was added since the last rewrite, as the protocol has it: `*<arguments>`, then for each `$<bytes>` and the bytes. */
function commandsOf(directory: string): string[][] {
  const appended = join(directory, 'appendonlydir');
  const files = readdirSync(appended).filter((file) => numberOf(file) > 0);
  return files
    .toSorted((one, other) => numberOf(one) - numberOf(other))
    .flatMap((file) => commandsIn(readFileSync(join(appended, file))));
}

/** Of the files to which Redis appends, one after the other; NaN of any other. */
const numberOf = (file: string) => Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1]);

/** Redis may be writing the last one: of that there is what has come. */
function commandsIn(bytes: Buffer): string[][] {
  const commands: string[][] = [];
  let at = 0;
  const count = () => {
    const end = bytes.indexOf('\r\n', at);
    const line = bytes.toString('latin1', at + 1, end);
    at = end === -1 ? bytes.length : end + 2;
    return Number(line);
  };
  const argument = () => {
    const length = count();
    const text = bytes.toString('utf8', at, at + length);
    at += length + 2;
    return text;
  };
  while (at < bytes.length) commands.push(Array.from({ length: count() }, argument));
  return commands;
}
