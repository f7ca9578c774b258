import { randomUUID } from 'node:crypto';
import { hasCode } from '@keybin/shared/errors.js';
import {
  loadMarkScripts,
  RedisAccountMarks,
  type MarkScripts,
} from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import { ScaleOutAccounts } from '@keybin/shared/engines/scale-out/accounts/accounts.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { PartitionQueue } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import type { RedisConnection } from '@keybin/shared/engines/scale-out/redis/redis-connection.js';
import { MongoTokenDocuments, type TokenDocuments } from '@keybin/shared/engines/scale-out/tokens/token-documents.js';
import { TokenIndex } from '@keybin/shared/engines/scale-out/tokens/token-index.js';
import {
  loadTokenScripts,
  RedisTokenRecords,
  type TokenRecords,
  type TokenScripts,
} from '@keybin/shared/engines/scale-out/tokens/token-records.js';
import { ScaleOutTokens } from '@keybin/shared/engines/scale-out/tokens/tokens.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { pino } from 'pino';
import { storePlace } from '../../../world/services/store-settings.js';
import { patientTimes } from '../../../world/times.js';
import { gated, Gates } from '../../../world/scale-out/gates.js';
import { connected, only } from '../../../world/scale-out/staged.js';

const log = pino({ level: 'silent' });

/** Replacements for steps of the product, for example to remove a rule. */
export interface Variant {
  readonly scripts?: Partial<TokenScripts>;
  readonly records?: (records: TokenRecords) => TokenRecords;
  readonly documents?: (documents: TokenDocuments) => TokenDocuments;
  readonly markScripts?: Partial<MarkScripts>;
  /** Default: `patientTimes`. */
  readonly times?: TimeBudget;
}

const same = <T>(part: T): T => part;

/** The accounts and tokens of one API process, with gates before the steps of their protocols. */
export class TokenProcess {
  readonly gates = new Gates();
  readonly tokens: ScaleOutTokens;
  readonly accounts: ScaleOutAccounts;

  private constructor(
    readonly database: Database,
    readonly redis: RedisConnection,
    private readonly queue: PartitionQueue,
    clientsPerAccount: number,
    variant: Variant,
  ) {
    const { times = patientTimes } = variant;
    const plainRecords = new RedisTokenRecords(only(redis), times, { ...loadTokenScripts(), ...variant.scripts });
    const records = gated((variant.records ?? same)(plainRecords), ['check', 'lease', 'fill', 'forget'], this.gates);
    const plainDocuments = new MongoTokenDocuments(database);
    const steps = ['find', 'replace', 'remove', 'userExists'] as const;
    const documents = gated((variant.documents ?? same)(plainDocuments), steps, this.gates);
    const index = new TokenIndex(only(redis), documents, times);
    this.tokens = new ScaleOutTokens({ index, records, documents, clientsPerAccount, times });
    const plainMarks = new RedisAccountMarks(only(redis), times, { ...loadMarkScripts(), ...variant.markScripts });
    this.accounts = new ScaleOutAccounts({
      database: {
        users: gated(database.users, ['updateOne'], this.gates),
        counters: database.counters,
        codes: database.codes,
        bounded: database.bounded,
        decisive: database.decisive,
        times,
      },
      clock: redis,
      marks: gated(plainMarks, ['close', 'suspend', 'endTokens', 'erase'], this.gates),
      erasures: gated(new ErasureRecords(database), ['put'], this.gates),
      queueOf: () => gated(queue, ['addTo', 'add'], this.gates),
    });
  }

  static async open(
    place: { readonly redisUrl: string; readonly mongoUrl: string; readonly database: string },
    variant: Variant = {},
    clientsPerAccount = 100,
  ): Promise<TokenProcess> {
    const database = await openDatabase(storePlace(place));
    const redis = connected(place.redisUrl);
    await redis.ready(5_000);
    return new TokenProcess(
      database,
      redis,
      await PartitionQueue.open(redis, 0, log, variant.times ?? patientTimes),
      clientsPerAccount,
      variant,
    );
  }

  /** Creates an account with a new name. */
  register(): Promise<Account> {
    return this.accounts.create(`user-${randomUUID()}`, '$2b$04$hash');
  }

  /** Resolves with the new token. */
  async login(
    account: Account | Pick<Account, 'userId'>,
    clientId = 'default',
    lifetimeSeconds = 300,
  ): Promise<string> {
    const token = randomUUID();
    const { userId, generation } = { generation: 0, ...account };
    await this.tokens.issue({ userId, generation, clientId, token, lifetimeSeconds });
    return token;
  }

  async accepts(token: string): Promise<boolean> {
    try {
      await this.tokens.check(token);
      return true;
    } catch (error) {
      if (hasCode(error, 'invalid_token') || hasCode(error, 'expired_token')) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.queue.close();
    this.redis.close();
    await this.database.close();
  }
}
