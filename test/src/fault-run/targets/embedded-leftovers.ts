import { closeDatabases, openDatabasesToRead, type Databases } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import {
  restOfRecord,
  bearerOfRecord,
  parseAccount,
  rangeOfRecords,
} from '@keybin/shared/engines/embedded/lmdb/records.js';
import { filesIn } from '../../unit/files/files-in.js';
import { eventually } from '../../world/eventually.js';
import { times } from '../../world/times.js';
import { differ } from '../checkers/differ.js';
import type { Leftovers, Shown } from '../world.js';

/** Limit for the sweepers, in ms. A sweeper runs every ten seconds, and an upload's lease lasts twenty. */
const sweptWithinMs = 60_000;

/** Looks into the directory while the APIs have it open, and waits for their sweepers. */
export async function embeddedLeftovers(directory: string, shown: readonly Shown[]): Promise<Leftovers> {
  const databases = openDatabasesToRead(directory, times);
  try {
    const left = () => [...ofNobody(databases), ...halfDone(databases, directory)];
    await eventually(() => left().length === 0, 'the end of erased data', sweptWithinMs).catch(() => {});
    return { pending: 0, jobs: 0, resurrected: left(), different: differences(databases, shown) };
  } finally {
    await closeDatabases(databases);
  }
}

/** Returns records of entries, posts, files, tokens and erasures whose account does not exist. */
function ofNobody({ environment, accounts, entries, posts, files, fileRoom, tokens, erasing }: Databases): string[] {
  environment.resetReadTxn();
  const live = new Set([...accounts.getRange()].map(({ value }) => String(parseAccount(value).number)));
  return [
    ...[...entries.getKeys(), ...posts.getKeys(), ...files.getKeys()].filter((id) => !live.has(ownerIn(id))),
    ...[...fileRoom.getKeys()].filter((number) => !live.has(number)).map((number) => `room of account ${number}`),
    ...[...tokens.getRange()]
      .filter(({ value }) => !live.has(bearerOfRecord(value).number))
      .map(({ key }) => `token ${key}`),
    ...erasing.getKeys(),
  ];
}

/** Returns uploads, and bytes that belong to no file. */
function halfDone({ files, fileOwners, uploads, unlinking }: Databases, directory: string): string[] {
  const ids = new Set([...files.getKeys()].map(keyIn));
  const there = [...uploads.getKeys(), ...unlinking.getKeys(), ...fileOwners.getKeys(), ...filesIn(directory)];
  return there.filter((id) => !ids.has(id)).map((id) => `bytes of file ${id}`);
}

function differences({ accounts, entries, posts, files }: Databases, shown: readonly Shown[]): string[] {
  return shown.flatMap(({ username, values, posts: shownPosts, files: shownFiles }) => {
    const account = accounts.get(username);
    const range = account === undefined ? undefined : rangeOfRecords(String(parseAccount(account).number));
    const records = range ? [...entries.getRange(range)] : [];
    const stored = records.map(({ key, value }): [string, unknown] => [keyIn(key), JSON.parse(restOfRecord(value))]);
    const postRecords = range ? [...posts.getRange(range)] : [];
    const storedPosts = postRecords.map(({ key, value }): [string, unknown] => [keyIn(key), JSON.parse(value)]);
    const fileRecords = range ? [...files.getRange(range)] : [];
    const storedFiles = fileRecords.map(({ key, value }): [string, unknown] => {
      return [keyIn(key), (JSON.parse(value) as { sha256: string }).sha256]; // the engine writes this format
    });
    return [
      ...differ(username, new Map(stored), values),
      ...differ(username, new Map(storedPosts), shownPosts),
      ...differ(username, new Map(storedFiles), shownFiles),
    ];
  });
}

/** A record's id is `<account number>/<key>`. */
const ownerIn = (id: string) => id.slice(0, id.indexOf('/'));
const keyIn = (id: string) => id.slice(id.indexOf('/') + 1);
