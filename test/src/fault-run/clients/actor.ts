import { setTimeout as delay } from 'node:timers/promises';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { SharedAccount } from './account.js';
import type { History, Life } from '../checkers/history.js';
import type { Random } from './random.js';

/** What the clients know of the processes that serve them. */
export interface Service {
  /** The base URL of each API, whether it is there or not. */
  readonly urls: readonly string[];
  /** The version of the key's write that waits for a worker, where there are workers. */
  pendingVersion?(life: Life, key: string): Promise<string | undefined>;
}

export interface ActorParts {
  /** No other one has it. */
  readonly name: string;
  readonly service: Service;
  readonly accounts: readonly SharedAccount[];
  readonly history: History;
  readonly random: Random;
}

/** Sends one request after the other, through all APIs. */
export abstract class Actor {
  #ended = false;

  /** `thinkingMs`: at most, between two requests. */
  constructor(
    protected readonly parts: ActorParts,
    private readonly thinkingMs: number,
  ) {}

  /** Settles when it was told to end and its last request is answered. */
  async run(): Promise<void> {
    while (!this.#ended) {
      await this.step();
      await delay(this.parts.random.between(0, this.thinkingMs));
    }
  }

  end(): void {
    this.#ended = true;
  }

  protected abstract step(): Promise<void>;

  protected api(): KeybinClient {
    return new KeybinClient(this.parts.random.pick(this.parts.service.urls));
  }
}

/** Each action as often as its weight says. */
export function weighted<Action extends string>(weights: Readonly<Record<Action, number>>): readonly Action[] {
  return Object.entries<number>(weights).flatMap(([action, weight]) => Array<Action>(weight).fill(action as Action));
}
