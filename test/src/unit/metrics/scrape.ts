import { expect } from 'chai';
import { send } from '../../world/clients/keybin-client.js';

/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Scrape {
  readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    this.samples = text.split('\n').flatMap((line) => {
      const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === undefined) return [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text_ = '']) => [
        label,
        text_,
      ]);
      // They are pairs
      return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
    });
  }

  /** Returns the declared metrics of Keybin itself, with their kinds. */
  get declared(): Record<string, string> {
    return Object.fromEntries(
      [...this.text.matchAll(/^# TYPE (keybin_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    );
  }

  /** Returns the sum of the samples with this name and these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }
}

/** Reads `/metrics` on a new connection, so any process of a cluster may answer. */
export async function scrape(baseUrl: string, token?: string): Promise<Scrape> {
  const headers = { connection: 'close', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const answer = await send(baseUrl, 'GET', '/metrics', { headers });
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
  return new Scrape(answer.text);
}
