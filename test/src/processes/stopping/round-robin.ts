import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../world/eventually.js';
import { exchange } from './exchange.js';

/** Time between two checks, in ms. Much shorter than `drain_delay`. */
const intervalMs = 50;

/** A plain load balancer. It polls `/readyz` of each server and returns the ready ones in turn. It retries nothing. */
export class RoundRobin {
  readonly #agent = new Agent({ keepAlive: false });
  readonly #ready = new Map<string, boolean>();
  readonly #looking: Promise<void>;
  #turn = 0;
  #ended = false;

  constructor(private readonly urls: () => readonly string[]) {
    this.#looking = this.#look();
  }

  /** Returns the next ready server. Throws if none is ready. */
  next(): string {
    const ready = this.urls().filter((url) => this.#ready.get(url));
    const url = ready[this.#turn++ % ready.length];
    if (url === undefined) throw new Error('No server is ready');
    return url;
  }

  isReady(url: string): boolean {
    return this.#ready.get(url) ?? false;
  }

  /** Resolves once every server is ready. */
  async allReady(): Promise<void> {
    await eventually(() => this.urls().every((url) => this.isReady(url)), 'readiness of all', 20_000);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#looking;
    this.#agent.destroy();
  }

  async #look(): Promise<void> {
    while (!this.#ended) {
      await Promise.all(
        this.urls().map(async (url) => {
          const outcome = await exchange({ agent: this.#agent, method: 'GET', url: `${url}/readyz` });
          this.#ready.set(url, outcome.kind === 'answered' && outcome.status === 200);
        }),
      );
      await delay(intervalMs);
    }
  }
}
