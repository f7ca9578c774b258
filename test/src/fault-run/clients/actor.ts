import { setTimeout as delay } from 'node:timers/promises';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { SharedAccount } from './account.js';
import type { History, Life } from '../checkers/history.js';
import type { Gate } from '../gate.js';
import type { Random } from '../random.js';

/** Clients' view of the processes that serve them. */
export interface Service {
  /** Base URL of each API, even while it is down. */
  readonly urls: readonly string[];
  /** Base URL of each worker, which serves no clients. */
  readonly workerUrls: readonly string[];
  /** True if an API has several processes. After a hang their metrics may not be added up in time. */
  readonly addsUpMetrics: boolean;
  /** Closed while no client may send requests. */
  readonly gate: Gate;
  /** Returns the version of the key's pending write, if the engine has workers. */
  pendingVersion?(life: Life, key: string): Promise<string | undefined>;
}

export interface ActorParts {
  /** Unique name. */
  readonly name: string;
  readonly service: Service;
  readonly accounts: readonly SharedAccount[];
  readonly history: History;
  readonly random: Random;
}

/** Sends requests one after the other, through all APIs. */
export abstract class Actor {
  #ended = false;

  /** `thinkingMs` is the longest pause between two requests. */
  constructor(
    protected readonly parts: ActorParts,
    private readonly thinkingMs: number,
  ) {}

  /** Resolves once the actor was stopped and its last request is answered. */
  async run(): Promise<void> {
    while (!this.#ended) {
      await this.parts.service.gate.through(() => this.step());
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

/** Returns a list with each action as often as its weight says. */
export function weighted<Action extends string>(weights: Readonly<Record<Action, number>>): readonly Action[] {
  return Object.entries<number>(weights).flatMap(([action, weight]) => Array<Action>(weight).fill(action as Action));
}
