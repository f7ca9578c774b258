import {
  MongoClient,
  MongoError,
  type Collection,
  type Db,
  type MongoClientOptions,
  type ReadConcernLike,
  type Document,
  type IndexDescription,
} from 'mongodb';
import type { Config } from '../../../config/config.js';
import { maskCredentials } from '../../../config/url-kinds.js';
import { settledWithin } from '../../../deadline.js';
import { UnreachableError } from '../../../errors.js';
import type { Log } from '../../../process/log.js';
import type { TimeBudget } from '../../../time-budget.js';
import { isOutageAtStart } from './outage.js';
import { logOutages } from './outage-log.js';
import type {
  ChunkDocument,
  CodeDocument,
  CounterDocument,
  ErasureDocument,
  FileDocument,
  SettingDocument,
  StoreDocument,
  TokenDocument,
  UserDocument,
} from './documents.js';

type Place = Pick<Config, 'store' | 'times'>;

type CollectionMember = {
  [Member in keyof Database]: Database[Member] extends { collectionName: string } ? Member : never;
}[keyof Database];

/** Documents of each collection of `Database`. `npm run settings` writes them into docs/storage.md. */
export const collectionContents: Readonly<Record<CollectionMember, { readonly id: string; readonly holds: string }>> = {
  store: {
    id: '`<user>/<key>`, or `<user>/~<id>` for a post',
    holds:
      'Entries and posts: `epoch`, `version`, and `value` as JSON text, or `deleted_at` for a tombstone; `imported`, the version of an import.',
  },
  users: {
    id: 'ObjectId',
    holds: 'Accounts: user id, number, username, hash of the folded username, hash of the password, whether disabled.',
  },
  tokens: {
    id: '`<user>/<client>`',
    holds: 'The token of each client: hash, expiry, time and generation of the login.',
  },
  codes: { id: 'username', holds: 'Identify codes of `/v1`: hash, expiry, wrong tries left.' },
  erasures: {
    id: 'user id',
    holds: 'Deleted accounts until their last erasure pass: next pass, passes run, hash of the name.',
  },
  files: {
    id: 'ObjectId',
    holds: 'Files (GridFS): name, length, and in `metadata` owner, state, reserved bytes, SHA-256, type of an image.',
  },
  chunks: { id: '`<user>/<file>/<n>`', holds: 'Bytes of files (GridFS).' },
  counters: {
    id: 'name',
    holds: 'Last account number, and what it was before each import that is not complete; last number of an epoch.',
  },
  settings: {
    id: 'name',
    holds:
      'What all processes agree on: id of the store, number of partitions, secrets, whether all accounts have a folded name.',
  },
};

/** Connected database of the scale-out engine. It reads and writes by majority, on the primary. */
export class Database {
  readonly store: Collection<StoreDocument>;
  readonly users: Collection<UserDocument>;
  readonly tokens: Collection<TokenDocument>;
  readonly counters: Collection<CounterDocument>;
  readonly erasures: Collection<ErasureDocument>;
  /** Bucket of GridFS, together with `chunks`. */
  readonly files: Collection<FileDocument>;
  readonly chunks: Collection<ChunkDocument>;
  readonly codes: Collection<CodeDocument>;
  readonly settings: Collection<SettingDocument>;
  readonly times: TimeBudget;
  /** Option that limits the time of one operation of the API. */
  readonly bounded: { readonly maxTimeMS: number };
  readonly #client: MongoClient;
  /** True if it is a replica set, or shards of several. */
  #isReplicated = false;
  #closed: Promise<void> | undefined;

  constructor(client: MongoClient, { store: settings, times }: Place) {
    const db: Db = client.db(settings.database);
    this.#client = client;
    this.times = times;
    this.bounded = { maxTimeMS: times.mongoOperationMs };
    this.store = db.collection(settings.storeCollection);
    this.users = db.collection(settings.usersCollection);
    this.tokens = db.collection(settings.tokenCollection);
    this.counters = db.collection('counters');
    this.erasures = db.collection('erasures');
    this.files = db.collection('files.files');
    this.chunks = db.collection('files.chunks');
    this.codes = db.collection('identify_codes');
    this.settings = db.collection('settings');
  }

  /** Resolves if the primary answers. */
  async ping(): Promise<void> {
    await this.store.db.command({ ping: 1 });
  }

  /**
   * Option for a read that decides whether a token or an account counts. It must be of one document, found by a unique
   * field. A primary that was cut off would answer a majority read with what it had; with this one it does not answer.
   * A single server, which cannot be cut off from others, refuses that level.
   */
  get decisive(): { readonly maxTimeMS: number; readonly readConcern: ReadConcernLike } {
    return { ...this.bounded, readConcern: { level: this.#isReplicated ? 'linearizable' : 'majority' } };
  }

  /** Asks the server if it belongs to a replica set. */
  async detectReplicaSet(): Promise<void> {
    const { setName, msg } = await this.store.db.command({ hello: 1 });
    this.#isReplicated = setName !== undefined || msg === 'isdbgrid';
  }

  /** Logs from now on when MongoDB goes down and when it is back. */
  logOutages(log: Log): void {
    logOutages(this.#client, log);
  }

  /**
   * Closes the connections. May be called twice. The driver's own close can wait for ever for a server that hung, so it
   * is given up after `mongoOperationMs`.
   */
  close(): Promise<void> {
    this.#client.removeAllListeners('topologyDescriptionChanged'); // closing is no outage
    this.#closed ??= settledWithin(this.#client.close(), this.times.mongoOperationMs);
    return this.#closed;
  }
}

/** Connects as `connectDatabase` does, and creates the indexes. */
export async function openDatabase(place: Place, timeoutMs = place.times.mongoOperationMs): Promise<Database> {
  const database = await connectDatabase(place, timeoutMs);
  await orClosed(database, createIndexes(database));
  return database;
}

/**
 * Connects, and resolves with the database. Throws an `UnreachableError` if MongoDB cannot be reached, and a plain
 * `Error` of one line if it must not be used, because it holds an original Keybin's documents. Each operation of the
 * database fails after `timeoutMs`, even if MongoDB hangs. Nothing is sent twice, so an error after a write leaves one
 * unknown outcome, not two.
 */
export async function connectDatabase(place: Place, timeoutMs = place.times.mongoOperationMs): Promise<Database> {
  const { store: settings, times } = place;
  const options: MongoClientOptions = {
    appName: 'keybin',
    // A server that is down is noticed soon, however long an operation may take
    serverSelectionTimeoutMS: Math.min(timeoutMs, times.mongoOperationMs),
    connectTimeoutMS: Math.min(timeoutMs, times.mongoOperationMs),
    socketTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    retryReads: false,
    retryWrites: false,
    readPreference: 'primary',
    readConcern: { level: 'majority' }, // returns nothing that a crash or a failover could undo
    writeConcern: { w: 'majority', wtimeoutMS: timeoutMs },
    ignoreUndefined: true,
    ...(settings.tlsCa && { ca: settings.tlsCa.pem }),
  };
  const client = new MongoClient(settings.host, options); // the URL was checked with the other settings
  const database = new Database(client, place);
  const connected = async () => {
    await client.connect();
    await database.detectReplicaSet();
    await refuseOriginal(database, settings);
  };
  await orClosed(database, connected());
  return database;
}

/**
 * Awaits a step of opening the database. If it fails, closes the database and throws an error with a one-line message.
 */
async function orClosed(database: Database, step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    await database.close();
    if (!(error instanceof MongoError)) throw error;
    const Failure = isOutageAtStart(error) ? UnreachableError : Error;
    throw new Failure(`MongoDB cannot be used: ${error.message}`, { cause: error });
  }
}

/** Returns the indexes of each collection. */
export function indexesOf(database: Database): [collection: Collection, indexes: IndexDescription[]][] {
  const { store, users, tokens, codes, erasures, files, chunks, times } = database;
  const expired = { expireAfterSeconds: times.expiredGraceMs / 1_000 };
  return [
    withIndexes(store, [
      {
        key: { deleted_at: 1 },
        expireAfterSeconds: times.tombstoneMs / 1_000,
        partialFilterExpression: { deleted_at: { $exists: true } },
      },
    ]),
    withIndexes(users, [
      { key: { username: 1 }, unique: true },
      { key: { user_id: 1 }, unique: true },
      { key: { number: 1 }, unique: true },
      { key: { folded_name: 1 }, unique: true, partialFilterExpression: { folded_name: { $exists: true } } },
    ]),
    withIndexes(tokens, [
      { key: { hash: 1 }, unique: true },
      { key: { user_id: 1, issued_at: -1 } },
      { key: { expires_at: 1 }, ...expired },
    ]),
    withIndexes(codes, [{ key: { expires_at: 1 }, ...expired }]),
    withIndexes(erasures, [{ key: { due_at: 1 } }]),
    withIndexes(files, [
      { key: { 'metadata.user_id': 1, _id: -1 } },
      {
        key: { 'metadata.due_at': 1 },
        partialFilterExpression: { 'metadata.due_at': { $exists: true } },
      },
    ]),
    withIndexes(chunks, [{ key: { files_id: 1, n: 1 }, unique: true }]), // GridFS's own index, for its tools
  ];
}

const withIndexes = <D extends Document>(
  collection: Collection<D>,
  indexes: IndexDescription[],
): [Collection, IndexDescription[]] => [
  collection as unknown as Collection, // indexes do not depend on the type of the documents
  indexes,
];

async function createIndexes(database: Database): Promise<void> {
  await Promise.all(indexesOf(database).map(([collection, indexes]) => collection.createIndexes(indexes)));
}

/**
 * Throws if the database holds an original Keybin's documents. Each query uses an index, or a collection that is not
 * Keybin's yet.
 */
async function refuseOriginal({ store, users, tokens }: Database, settings: Place['store']): Promise<void> {
  const madeByDriver = { _id: { $type: 'objectId' as const } };
  const found = await Promise.all([
    store.findOne(madeByDriver, { projection: { _id: 1 } }),
    tokens.findOne(madeByDriver, { projection: { _id: 1 } }),
    users.findOne({ number: { $exists: false } }, { projection: { _id: 1 } }),
  ]);
  const names = [settings.storeCollection, settings.tokenCollection, settings.usersCollection];
  const original = names.filter((_name, position) => found[position]);
  if (original.length === 0) return;
  throw new Error(
    `Database '${settings.database}' contains documents of an original Keybin (in ${original.join(', ')}): ` +
      `run 'keybin migrate' with --from ${maskCredentials(settings.host)}`,
  );
}
