import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, MongoClient } from 'mongodb';
import { parsePendingEntry } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { ms } from './history.js';

const usPerMs = 1_000;

/** Returns the time of a version in ms of the run's clock, as far as Redis's clock is right. */
const timeOf = (version: number) => ms(version / usPerMs - performance.timeOrigin);

const changeOf = (json: unknown) => (typeof json === 'string' ? `put ${JSON.parse(json)}` : 'deleted');

/**
 * Returns the changes of one field of a pending hash, one per line, in the order of the append-only file in
 * `directory`.
 */
export function traceInRedis(directory: string, hash: string, field: string): string[] {
  return commandsOf(directory).flatMap(([name = '', key, of, text = '']) => {
    if (key !== hash || (of !== undefined && of !== field)) return [];
    if (name.toUpperCase() !== 'HSET') return [`Redis: ${name}`];
    const { version, json } = parsePendingEntry(text);
    return [`Redis: HSET, ${changeOf(json)} of ${timeOf(version)}`];
  });
}

/** Returns the operations on one entry in MongoDB's operation log. It is empty on a server without such a log. */
export function operationsOf(client: MongoClient, database: string, id: string): Promise<Document[]> {
  const log = client.db('local').collection('oplog.rs');
  return log.find({ ns: `${database}.store`, 'o2._id': id }).toArray();
}

/** Returns the operations as text, one per line. */
export function traceInMongo(operations: readonly Document[]): string[] {
  return operations.map(({ op, wall, o }) => {
    const at = `MongoDB at ${wall instanceof Date ? ms(wall.getTime() - performance.timeOrigin) : 'some time'}`;
    if (op === 'd') return `${at}: removed`;
    // An update contains only what it changes
    const { value, version } = { ...o, ...o.diff?.i, ...o.diff?.u, ...o.diff?.updatedFields };
    return `${at}: ${changeOf(value)} of ${timeOf(version)}`;
  });
}

/**
 * Returns all commands appended since the last rewrite. The file has the format of the protocol: `*<arguments>`, then
 * `$<bytes>` and the bytes for each.
 */
function commandsOf(directory: string): string[][] {
  const appended = join(directory, 'appendonlydir');
  const files = readdirSync(appended).filter((file) => numberOf(file) > 0);
  return files
    .toSorted((one, other) => numberOf(one) - numberOf(other))
    .flatMap((file) => commandsIn(readFileSync(join(appended, file))));
}

/** Returns the number of an append-only file, in their order, and NaN for other files. */
const numberOf = (file: string) => Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1]);

/** Returns the commands in these bytes. The last one may be incomplete, because Redis may still be writing it. */
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
