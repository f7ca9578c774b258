import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../world/eventually.js';
import { entryPath, type KeybinClient } from '../../world/clients/keybin-client.js';
import { exchange, type Outcome } from './exchange.js';

/** A connection on which the client was silent for so long may be ended by a server that drains. */
const silentMs = 200;
/** For a client that found nobody to connect to. */
const pauseMs = 20;

const clients = 8;

interface Writer {
  readonly key: string;
  /** The last number that was answered. */
  answered: number;
  /** The last one that was sent. */
  sent: number;
}

/**
 * Clients without pause on connections that they keep: each writes rising numbers to a key of its own and reads them back. `url`
 * says whom to send the next request to. Keys begin with `prefix`.
 */
export class Load {
  /** What no client should have seen, a line each. */
  readonly failures: string[] = [];
  /** Connections that were refused, or ended before they had served anything: nobody had accepted their request. */
  refused = 0;
  /** Answers that said that they are the last of their connection. */
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

  /** Resolves when so many more requests are answered. */
  async progress(count = 200): Promise<void> {
    const wanted = this.answered + count;
    await eventually(() => this.answered >= wanted, `${count} answers`, 20_000);
  }

  /** Resolves when no request is under way any more. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
    this.#agent.destroy();
  }

  /** What an API shows of the keys that is not what was answered, or sent after that. */
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
      if ((await send('POST', { value })) === undefined) {
        await delay(pauseMs);
        continue;
      }
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
