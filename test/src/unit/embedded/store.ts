import { randomBytes, randomUUID } from 'node:crypto';
import { openEmbeddedEngine } from '@keybin/shared/engines/embedded/engine.js';
import { createLog } from '@keybin/shared/process/log.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { patientTimes } from '../../world/times.js';

export const quietLog = createLog({ debug: false });
quietLog.level = 'silent';

export const clientsPerAccount = 5;
export const fileBytesPerAccount = 10 * 2 ** 20;
export const fileBytes = 4 * 2 ** 20;

/** Opens the engine of one of `processes` processes. */
export const openStore = (directory: string, processes = 2, times = patientTimes): Promise<Engine> =>
  openEmbeddedEngine(
    {
      times,
      app: { processes },
      store: { host: `lmdb://${directory}` },
      accounts: { clientsPerAccount, fileBytesPerAccount },
      limits: { fileBytes },
    },
    quietLog,
  );

const opened: { close(): Promise<void> }[] = [];

/** Registers something for `closeStores`, which closes the latest first. */
export function closeLater(closer: { close(): Promise<void> }): void {
  opened.push(closer);
}

/** Opens an engine on `directory`, which `closeStores` closes. */
export async function ownStore(
  directory = temporaryDirectory(),
  processes?: number,
  times?: TimeBudget,
): Promise<Engine> {
  const engine = await openStore(directory, processes, times);
  closeLater(engine);
  return engine;
}

export async function closeStores(): Promise<void> {
  for (const closer of opened.splice(0).toReversed()) await closer.close();
}

/** Gives a suite one engine under both names that a suite of two processes uses. Registers the hooks. */
export function oneStore(): { readonly here: Engine; readonly there: Engine } {
  let engine: Engine;
  before('a store', async () => {
    engine = await openStore(temporaryDirectory());
  });
  after('end of the store', async () => {
    await engine?.close();
    await closeStores();
  });
  return {
    get here() {
      return engine;
    },
    get there() {
      return engine;
    },
  };
}

export interface User {
  readonly account: Account;
  readonly token: string;
}

/** Creates an account with a live token. */
export async function newUser(engine: Engine, username: string = randomUUID()): Promise<User> {
  const account = await engine.accounts.create(username, '$2b$04$hash');
  return { account, token: await newToken(engine, account) };
}

/** Issues a token, by default of a new client. */
export async function newToken(
  engine: Engine,
  { userId }: Pick<Account, 'userId'>,
  { clientId = randomBytes(8).toString('hex'), lifetimeSeconds = 600 } = {},
): Promise<string> {
  const token = randomUUID();
  await engine.tokens.issue({ userId, clientId, token, lifetimeSeconds });
  return token;
}

/** Returns the code of the error with which `promise` fails, or undefined. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code; // any error, with or without a code
  }
}
