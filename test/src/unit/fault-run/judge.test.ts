import { expect } from 'chai';
import { History, noFindings, type Findings, type Life } from '../../fault-run/checkers/history.js';
import { judge } from '../../fault-run/checkers/judge.js';
import { Random } from '../../fault-run/random.js';

const keys = ['a', 'b', 'c'];

/** Returns a sound history of several concurrent clients. Accounts in it end and are registered again. */
function soundHistory(seed: number): { history: History; nowMs: number; last: Life; values: Map<string, string> } {
  const random = new Random(seed);
  const history = new History();
  let nowMs = 0;
  let last = history.life('somebody', 'password-0');
  let values = new Map<string, string>();
  /** Returns the time of a request. Its answer may come long after the next step. */
  const interval = () => ({ fromMs: nowMs - random.between(0, 5), toMs: (nowMs += 1) + random.between(0, 5) });
  for (let step = 0; step < 500; step++) {
    nowMs += 1;
    const key = random.pick(keys);
    const draw = random.next();
    if (draw < 0.4) {
      values.set(key, String(step));
      const { fromMs, toMs } = interval();
      last.record(key, { kind: 'write', content: String(step), fromMs, toMs: random.next() < 0.1 ? Infinity : toMs });
    } else if (draw < 0.5) {
      values.delete(key);
      last.record(key, { kind: 'write', content: undefined, ...interval() });
    } else if (draw < 0.8) {
      last.record(key, { kind: 'read', content: values.get(key), ...interval() });
    } else if (draw < 0.99) {
      const seen = interval();
      for (const each of keys) last.record(each, { kind: 'listing', listed: values.has(each), ...seen });
    } else {
      nowMs += 10;
      last.endingFromMs = nowMs;
      last.endedMs = nowMs += 10;
      last = history.life('somebody', `password-${step}`);
      values = new Map();
    }
  }
  last.record('a', { kind: 'write', content: 'the last', fromMs: nowMs + 10, toMs: nowMs + 11 });
  values.set('a', 'the last');
  return { history, nowMs: nowMs + 20, last, values };
}

const counts = ({ lost, stale, missed, resurrected }: Findings) => ({
  lost: lost.length,
  stale: stale.length,
  missed: missed.length,
  resurrected: resurrected.length,
});
const nothing = { lost: 0, stale: 0, missed: 0, resurrected: 0 };

describe('the checker of a fault run', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`accepts a correct history (seed ${seed})`, () => {
      const { history, last, nowMs, values } = soundHistory(seed);
      for (const key of keys) {
        last.record(key, { kind: 'read', content: values.get(key), fromMs: nowMs, toMs: nowMs + 1, final: true });
      }
      expect(judge(history)).to.deep.equal(noFindings());
    });
  }

  /** Errors, each planted at the end of a sound history in which `a` holds `the last`. */
  const planted: readonly [string, (life: Life, nowMs: number, history: History) => void, Partial<typeof nothing>][] = [
    [
      'a loss',
      (life, nowMs) =>
        life.record('a', { kind: 'read', content: undefined, fromMs: nowMs, toMs: nowMs + 1, final: true }),
      { lost: 1 },
    ],
    [
      'a loss that the last list shows',
      (life, nowMs) =>
        life.record('a', { kind: 'listing', listed: false, fromMs: nowMs, toMs: nowMs + 1, final: true }),
      { lost: 1 },
    ],
    [
      'a stale read',
      (life, nowMs) => life.record('a', { kind: 'read', content: undefined, fromMs: nowMs, toMs: nowMs + 1 }),
      { stale: 1 },
    ],
    [
      'a list that missed a key',
      (life, nowMs) => life.record('a', { kind: 'listing', listed: false, fromMs: nowMs, toMs: nowMs + 1 }),
      { missed: 1 },
    ],
    [
      'a value of an earlier account',
      (life, nowMs) => life.record('a', { kind: 'read', content: 'of another', fromMs: nowMs, toMs: nowMs + 1 }),
      { resurrected: 1 },
    ],
    [
      'a token that outlives its account',
      (life, nowMs) => {
        life.endingFromMs = nowMs;
        life.endedMs = nowMs + 1;
        life.served.push({ what: 'put of 1 to a', fromMs: nowMs + 2, toMs: nowMs + 3 });
      },
      { resurrected: 1 },
    ],
    [
      'a value that is still there while its account ends, and was gone before',
      (life, nowMs) => {
        life.endingFromMs = nowMs;
        life.record('a', { kind: 'read', content: undefined, fromMs: nowMs + 1, toMs: nowMs + 2 });
        life.record('a', { kind: 'read', content: 'the last', fromMs: nowMs + 3, toMs: nowMs + 4 });
        life.endedMs = nowMs + 5;
      },
      { stale: 1 },
    ],
    ['what a client saw at once', (_life, _nowMs, history) => history.findings.lost.push('a token'), { lost: 1 }],
  ];
  for (const [what, plant, found] of planted) {
    it(`finds ${what}`, () => {
      const { history, nowMs, last } = soundHistory(7);
      plant(last, nowMs, history);
      expect(counts(judge(history))).to.deep.equal({ ...nothing, ...found });
    });
  }

  it('reports a violation with the writes before it', () => {
    const history = new History();
    const life = history.life('somebody', 'password');
    life.record('a', { kind: 'write', content: 'one', fromMs: 1, toMs: 2 });
    life.record('a', { kind: 'write', content: undefined, fromMs: 3, toMs: Infinity });
    life.record('a', { kind: 'write', content: 'two', fromMs: 4, toMs: 5 });
    life.record('a', { kind: 'read', content: 'one', fromMs: 6, toMs: 7 });
    life.record('a', { kind: 'write', content: 'three', fromMs: 8, toMs: 9 });
    const { stale, entries } = judge(history);
    expect(entries).to.deep.equal([{ life, key: 'a' }]);
    expect(stale).to.deep.equal([
      'somebody (password), a: read one from 6 ms to 7 ms; before: put one from 1 ms to 2 ms, ' +
        'deleted from 3 ms on, without an answer, put two from 4 ms to 5 ms',
    ]);
  });
});
