import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import { unmatchableHash } from './unmatchable-hash.js';
import type { HashAnswer, HashTask } from './hash-thread.js';

/** Niceness of a hashing thread. Reads go first, and a quarter of a busy core is left for logins. */
const niceness = 5;

/** Computes or compares one bcrypt hash. Returns errors instead of throwing them. */
function run({ password, cost, hash }: HashTask): HashAnswer {
  try {
    return { result: hash === undefined ? bcrypt.hashSync(password, cost) : compare(password, hash, cost) };
  } catch (error) {
    return { error };
  }
}

/**
 * Returns true if `password` has this hash. A wrong password takes the work of `cost`, even if the hash is an older one
 * of a lower cost. Each step of cost doubles the work, so one comparison at each missing step makes up the difference.
 */
function compare(password: string, hash: string, cost: number): boolean {
  if (bcrypt.compareSync(password, hash)) return true;
  const costOfHash = Number(/^\$2[aby]\$(\d\d)\$/.exec(hash)?.[1] ?? cost);
  for (let missing = costOfHash; missing < cost; missing++) bcrypt.compareSync(password, unmatchableHash(missing));
  return false;
}

// On Linux this sets the priority of the calling thread; elsewhere it would be that of the whole process.
if (process.platform === 'linux') setPriority(Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
parentPort?.on('message', (task: HashTask) => parentPort?.postMessage(run(task)));
