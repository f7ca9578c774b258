import { Worker } from 'node:worker_threads';

/** A password to hash with this cost, or to compare with `hash` if that is given. */
export interface HashTask {
  readonly password: string;
  readonly cost: number;
  readonly hash?: string;
}

export type HashAnswer = { readonly result: string | boolean } | { readonly error: unknown };

/**
 * A thread that hashes passwords, one at a time. Node's own thread pool has only four threads, so hashes in it would
 * delay the store's writes and every DNS lookup. Its threads also cannot run at a lower priority than reads.
 */
export class HashThread {
  readonly #worker = new Worker(new URL('./hash-worker.js', import.meta.url));

  constructor() {
    this.#worker.unref(); // an idle thread keeps no process alive
  }

  /**
   * Runs one task; call it again only after it has settled. Throws what bcrypt throws. A thread that dies ends the
   * process.
   */
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
