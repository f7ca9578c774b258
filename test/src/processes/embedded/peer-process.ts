/**
 * Another process on the same directory. It runs actions that it receives over IPC. `peer.ts` is the other end.
 *   node peer-process.js DIRECTORY PROCESSES
 */
import { openDatabases } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { transactionsOf } from '@keybin/shared/engines/embedded/transactions/transactions.js';
import type { Account, Engine, NewToken } from '@keybin/shared/ports/engine.js';
import type { Answer, Request } from './peer.js';
import { openStore } from '../../unit/embedded/store.js';
import { times } from '../../world/times.js';

const [directory = '', processes] = process.argv.slice(2);
let opening: Promise<Engine> | undefined;
/** Opens the store on first use: `hold` opens the directory itself, and a process must not do that twice. */
const opened = () => (opening ??= openStore(directory, Number(processes)));

type Values = Request['values'];

const actions: Record<string, (values: Values, engine: Engine) => Promise<unknown>> = {
  open: async () => undefined,
  get: ([token = '', key = ''], engine) => engine.entries.get(token, key),
  put: ([token = '', key = '', json = ''], engine) => engine.entries.put(token, key, json),
  delete: ([token = '', key = ''], engine) => engine.entries.delete(token, key),
  check: ([token = ''], engine) => engine.tokens.check(token),
  revoke: ([token = ''], engine) => engine.tokens.revoke(token),
  create: ([username = ''], engine) => engine.accounts.create(username, 'hash'),
  issue: ([json = ''], engine) => engine.tokens.issue(JSON.parse(json) as NewToken), // written by the test
  erase: ([json = ''], engine) => engine.accounts.erase(JSON.parse(json) as Account), // written by the test
  'erase and die': async ([json = ''], engine) => {
    await engine.accounts.erase(JSON.parse(json) as Account); // written by the test
    process.kill(process.pid, 'SIGKILL');
  },
  agree: ([name = '', proposed = ''], engine) => engine.secrets.agree(name, proposed),
  write: async ([token = ''], engine) => writeForEver(token, engine),
};

/** Stops this whole process inside a transaction. */
async function holdWriteLock(): Promise<void> {
  const transactions = transactionsOf(openDatabases(directory, true, times), directory, false);
  await transactions.hold(() => transactions.run(() => process.kill(process.pid, 'SIGSTOP')));
}

/** Writes with many requests in flight, and reports each key once its write is acknowledged. */
function writeForEver(token: string, { entries }: Engine): void {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const key = `key${next++}`;
      await entries.put(token, key, JSON.stringify(key));
      process.send?.({ answered: key });
    }
  };
  for (let index = 0; index < 32; index++) void lane();
}

async function act(action: string, values: Values): Promise<unknown> {
  const found = actions[action];
  if (!found) throw new Error(`no action ${action}`);
  return found(values, await opened());
}

process.on('message', ({ id, action, values }: Request) => {
  const answer = (fields: Omit<Answer, 'id'>) => process.send?.({ id, ...fields });
  const work = action === 'hold' ? holdWriteLock() : act(action, values);
  work.then(
    (value) => answer({ value }),
    (error: unknown) => answer({ code: (error as { code?: string }).code ?? String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
