import { Worker } from 'node:worker_threads';

/** To hash `password` with this cost, or to compare it with `hash` where there is one. */
export interface HashTask {
  readonly password: string;
  readonly cost: number;
  readonly hash?: string;
}

export type HashAnswer = { readonly result: string | boolean } | { readonly error: unknown };

/**
 * A thread that hashes passwords, one at a time. Not node's own pool of threads: that has four, and hashes would keep the
 * store's writes and every look-up of a name waiting; nor could it give way to reads.
 */
export class HashThread {
  readonly #worker = new Worker(new URL('./hash-worker.js', import.meta.url));

  constructor() {
    this.#worker.unref(); // an idle thread keeps no process alive
  }

  /** Must not be called again before it has answered. Throws what bcrypt throws; a thread that dies ends the process. */
  async run(task: HashTask): Promise<string | boolean> {
    const worker = this.#worker;
    worker.ref();
    const answer = await new Promise<HashAnswer>((resolve) => {
      worker.once('message', resolve);
      worker.postMessage(task);
    });
    worker.unref();
    if ('error' in answer) throw answer.error;
    return answer.result;
  }
}
