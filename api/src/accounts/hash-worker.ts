import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import { unmatchableHash } from './unmatchable-hash.js';
import type { HashAnswer, HashTask } from './hash-thread.js';

/** Of a thread that hashes: whoever waits for a read goes first, and still a quarter of a busy core is left for logins. */
const niceness = 5;

/** The body of a thread that computes one bcrypt hash after the other. */
function run({ password, cost, hash }: HashTask): HashAnswer {
  try {
    return { result: hash === undefined ? bcrypt.hashSync(password, cost) : compare(password, hash, cost) };
  } catch (error) {
    return { error };
  }
}

/**
 * Takes the work of `cost` for a wrong password, though the hash be an older one of a lower cost: each step of cost doubles the
 * work, so hashes of each cost from there on fill up what is missing.
 */
function compare(password: string, hash: string, cost: number): boolean {
  if (bcrypt.compareSync(password, hash)) return true;
  const costOfHash = Number(/^\$2[aby]\$(\d\d)\$/.exec(hash)?.[1] ?? cost);
  for (let missing = costOfHash; missing < cost; missing++) bcrypt.compareSync(password, unmatchableHash(missing));
  return false;
}

// On Linux the priority is the calling thread's; elsewhere it is that of the whole process.
if (process.platform === 'linux') setPriority(Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
parentPort?.on('message', (task: HashTask) => parentPort?.postMessage(run(task)));
