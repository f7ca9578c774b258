import * as fc from 'fast-check';
import { search } from '../../faults/interleavings/parameters.js';
import type { Account } from '../../world/clients/keybin-client.js';
import { expectDone, expectInvalidToken, expectKeys, expectNoKey, expectValue } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';

const histories = 10;
const longest = 60;
/** Longest time to shrink a failure. */
const shrinkMs = 60_000;

const key = fc.constantFrom('a', 'b', 'c', '__proto__');
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.jsonValue({ maxDepth: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('keys' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'pause' as const, 'resume' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unregister' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Steps, each with a random choice between the two processes. */
const history = fc.array(fc.tuple(step, fc.nat(1)), { minLength: 1, maxLength: longest, size: 'max' });

export function randomHistoriesContract(subject: Subject): void {
  describe('any sequence of requests', () => {
    it('through two processes, while workers pause and resume, is answered like by one map of keys to values', async function () {
      this.timeout(120_000);
      await fc.assert(anyHistory(subject), { ...search(histories), interruptAfterTimeLimit: shrinkMs });
    });
  });
}

/** Property of any history: the API answers as a map of keys to values would. */
export const anyHistory = (subject: Subject) =>
  fc.asyncProperty(history, async (steps) => {
    const run = new Run(subject, await subject.here.newAccount());
    try {
      for (const [each, through] of steps) await run.take(each, through);
      await run.check();
      await run.settle();
      await run.check();
    } finally {
      await subject.workers?.resume();
    }
  });

class Run {
  readonly #expected = new Map<string, unknown>();

  constructor(
    private readonly subject: Subject,
    private account: Account,
  ) {}

  async take(each: Step, through: number): Promise<void> {
    const api = alternately(this.subject, through);
    const { token, username, password } = this.account;
    switch (each.do) {
      case 'put':
        if (each.value === null) return;
        expectDone(await api.put(token, each.key, each.value));
        this.#expected.set(each.key, each.value);
        return;
      case 'delete': {
        const answer = await api.delete(token, each.key);
        if (this.#expected.delete(each.key)) expectDone(answer);
        else expectNoKey(answer, each.key);
        return;
      }
      case 'get': {
        const answer = await api.get(token, each.key);
        if (this.#expected.has(each.key)) expectValue(answer, this.#expected.get(each.key));
        else expectNoKey(answer, each.key);
        return;
      }
      case 'keys':
        expectKeys(await api.keys(token), [...this.#expected.keys()]);
        return;
      case 'settle':
        return this.settle();
      case 'pause':
        return this.subject.workers?.pause();
      case 'resume':
        return this.subject.workers?.resume();
      case 'rotate':
        this.account = { ...this.account, token: await api.logIn(username, password) };
        expectInvalidToken(await alternately(this.subject, through + 1).keys(token));
        return;
      case 'unregister':
        expectDone(await api.unregister(username, password));
        this.account = await alternately(this.subject, through + 1).newAccount(username, password);
        this.#expected.clear();
        expectInvalidToken(await api.keys(token));
    }
  }

  async settle(): Promise<void> {
    await this.subject.workers?.resume();
    await this.subject.settle();
  }

  /** Compares every key and value, through both processes. */
  async check(): Promise<void> {
    for (const api of [this.subject.here, this.subject.there]) {
      expectKeys(await api.keys(this.account.token), [...this.#expected.keys()]);
      for (const [name, value] of this.#expected) expectValue(await api.get(this.account.token, name), value);
    }
  }
}
