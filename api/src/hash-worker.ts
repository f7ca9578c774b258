import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import type { HashAnswer, HashTask } from './hash-thread.js';

/** Of a thread that hashes: whoever waits for a read goes first, and still a quarter of a busy core is left for logins. */
const niceness = 5;

/** The body of a thread that computes one bcrypt hash after the other. */
function run({ password, cost, hash }: HashTask): HashAnswer {
  try {
    return { result: hash === undefined ? bcrypt.hashSync(password, cost) : bcrypt.compareSync(password, hash) };
  } catch (error) {
    return { error };
  }
}

// On Linux the priority is the calling thread's; elsewhere it is that of the whole process.
if (process.platform === 'linux') setPriority(Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
parentPort?.on('message', (task: HashTask) => parentPort?.postMessage(run(task)));
