/**
 * Another process on the same directory. It does what it is asked over IPC; `peer.ts` is the other end.
 *   node peer-process.js DIRECTORY
 */
import { openDatabases } from '@keybin/shared/engines/lmdb/environment.js';
import type { Account, Engine, NewToken } from '@keybin/shared/ports.js';
import type { Answer, Request } from './peer.js';
import { openStore } from './store.js';

const [directory = ''] = process.argv.slice(2);
const engine = await openStore(directory);

type Values = Request['values'];

const actions: Record<string, (values: Values, engine: Engine) => Promise<unknown>> = {
  get: ([token = '', key = '']) => engine.entries.get(token, key),
  put: ([token = '', key = '', json = '']) => engine.entries.put(token, key, json),
  delete: ([token = '', key = '']) => engine.entries.delete(token, key),
  check: ([token = '']) => engine.tokens.check(token),
  revoke: ([token = '']) => engine.tokens.revoke(token),
  create: ([username = '']) => engine.accounts.create(username, 'hash'),
  issue: ([json = '']) => engine.tokens.issue(JSON.parse(json) as NewToken), // written by the test
  erase: ([json = '']) => engine.accounts.erase(JSON.parse(json) as Account), // written by the test
  hold: async () => holdWriteLock(),
  write: async ([token = '']) => writeForEver(token),
};

/** Stops this whole process inside a transaction. */
async function holdWriteLock(): Promise<void> {
  const { environment } = openDatabases(directory); // lmdb opens a directory once in a process
  await environment.transaction(() => process.kill(process.pid, 'SIGSTOP'));
}

/** Writes as many requests at once do, telling each key once it was answered. */
function writeForEver(token: string): void {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const key = `key${next++}`;
      await engine.entries.put(token, key, JSON.stringify(key));
      process.send?.({ answered: key });
    }
  };
  for (let index = 0; index < 32; index++) void lane();
}

process.on('message', ({ id, action, values }: Request) => {
  const answer = (fields: Omit<Answer, 'id'>) => process.send?.({ id, ...fields });
  const work = actions[action]?.(values, engine) ?? Promise.reject(new Error(`no action ${action}`));
  work.then(
    (value) => answer({ value }),
    (error: unknown) => answer({ code: (error as { code?: string }).code ?? String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
