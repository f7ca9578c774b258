import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../world/eventually.js';
import { entryPath, type KeybinClient } from '../../world/clients/keybin-client.js';
import { exchange, type Outcome } from './exchange.js';

/** Silence of a client, in ms, after which a draining server may close the connection. */
const silentMs = 200;
/**
 * Pause, in ms, of a client between a write with its read and the next one. Requests are in flight at every moment,
 * and the processes that start and end meanwhile get most of the processor.
 */
const pauseMs = 20;

const clients = 8;

interface Writer {
  readonly key: string;
  /** Last number whose write was acknowledged. */
  answered: number;
  /** Last number that was sent. */
  sent: number;
}

/**
 * Clients that send requests without a pause on persistent connections. Each writes rising numbers to its own key and
 * reads them back. `url` returns the server for the next request. Keys begin with `prefix`.
 */
export class Load {
  /** Observations that no client should have made, one per line. */
  readonly failures: string[] = [];
  /** Connections refused, or closed before they had served anything: no server had accepted their request. */
  refused = 0;
  /** Number of answers that announced the close of their connection. */
  lastOnes = 0;
  answered = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #writers: readonly Writer[];
  readonly #running: Promise<unknown>;
  #ended = false;

  constructor(
    private readonly url: () => string,
    private readonly token: string,
    prefix = 'key',
  ) {
    this.#writers = Array.from({ length: clients }, (_, index) => ({
      key: `${prefix}_${index}`,
      answered: 0,
      sent: 0,
    }));
    this.#running = Promise.all(this.#writers.map((writer) => this.#run(writer)));
  }

  /** Resolves once `count` more requests are answered. */
  async progress(count = 200): Promise<void> {
    const wanted = this.answered + count;
    await eventually(() => this.answered >= wanted, `${count} answers`, 20_000);
  }

  /** Stops the clients. Resolves once no request is in flight. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
    this.#agent.destroy();
  }

  /** Returns the keys that an API shows with a value older than the last acknowledged one, or never sent. */
  async lostIn(client: KeybinClient): Promise<string[]> {
    const lost: string[] = [];
    for (const { key, answered, sent } of this.#writers) {
      const { text } = await client.get(this.token, key);
      const shown = Number(/^\{"value":(\d+)\}$/.exec(text)?.[1] ?? 0);
      if (shown < answered || shown > sent) lost.push(`${key}: ${text}, ${answered} was answered, ${sent} was sent`);
    }
    return lost;
  }

  async #run(writer: Writer): Promise<void> {
    const send = async (method: string, json?: unknown): Promise<string | undefined> => {
      const url = this.url() + entryPath(this.token, writer.key);
      return this.#judge(await exchange({ agent: this.#agent, method, url, json }), `${method} of ${writer.key}`);
    };
    while (!this.#ended) {
      const value = ++writer.sent;
      await delay(pauseMs);
      if ((await send('POST', { value })) === undefined) continue;
      writer.answered = value;
      const read = await send('GET');
      if (read !== undefined && read !== `{"value":${value}}`) {
        this.failures.push(`${writer.key}: ${read} was read after ${value} was answered`);
      }
    }
  }

  #judge(outcome: Outcome, what: string): string | undefined {
    if (outcome.kind === 'failed') {
      if ((outcome.silentMs ?? Infinity) < silentMs)
        this.failures.push(`${what}: ${outcome.reason} on a connection that had served`);
      else this.refused++;
      return undefined;
    }
    if (outcome.isLast) this.lastOnes++;
    if (outcome.status !== 200) this.failures.push(`${what}: ${outcome.status} ${outcome.text}`);
    else this.answered++;
    return outcome.status === 200 ? outcome.text : undefined;
  }
}
