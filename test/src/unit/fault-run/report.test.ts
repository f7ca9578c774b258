import { expect } from 'chai';
import { FaultCounts } from '../../fault-run/faults.js';
import { History, noFindings } from '../../fault-run/checkers/history.js';
import { report } from '../../fault-run/report.js';
import { withResults } from '../../fault-run/results.js';
import type { RunResult } from '../../fault-run/run.js';

/** Returns a sound run of two minutes in which enough happened. */
function goodRun(engine: RunResult['engine'] = 'scale-out'): RunResult {
  const history = new History();
  history.readsOfPending = 100;
  history.logouts = 20;
  history.probes = 400;
  const { posts, files } = history.life('name', 'password');
  for (let id = 0; id < 200; id++) posts.sent.push({ id: String(id), content: 'content', fromMs: 0, toMs: 1 });
  for (let id = 0; id < 40; id++) files.sent.push({ id: String(id), name: 'a', sha256: '', fromMs: 0, toMs: 1 });
  const faults = new FaultCounts();
  faults.total = 20;
  faults.duringWrite = 5;
  faults.byKind.set('kill -9 of API', 20);
  const leftovers = { jobs: 0, pending: 0, resurrected: [], different: [] };
  return {
    engine,
    redis: 'single',
    processes: 2,
    network: false,
    minutes: 2,
    lastedMinutes: 2,
    seed: 1,
    history,
    faults,
    findings: noFindings(),
    traces: [],
    leftovers,
    gone: [],
  };
}

describe('the report of a fault run', () => {
  it('passes if enough happened and nothing was wrong', () => {
    expect(report(goodRun())).to.include({ isGood: true });
  });

  it('shows for a violation what the servers did, and the faults with their times', () => {
    const run = goodRun();
    run.faults.log.push('kill -9 of API 1: 1000 ms to 2000 ms');
    expect(report(run).details).to.deep.equal([]);
    run.findings.stale.push('a');
    const details = ['stale reads: a', 'Redis: HDEL', 'kill -9 of API 1: 1000 ms to 2000 ms'];
    expect(report({ ...run, traces: ['Redis: HDEL'] }).details).to.deep.equal(details);
  });

  const wrong: readonly [string, (run: RunResult) => Partial<RunResult> | void][] = [
    ['an acknowledged write is lost', ({ findings }) => void findings.lost.push('a')],
    ['a read was stale', ({ findings }) => void findings.stale.push('a')],
    ['a list missed a key', ({ findings }) => void findings.missed.push('a')],
    ['something is back', ({ findings }) => void findings.resurrected.push('a')],
    ['an answer was none of the contract', ({ history }) => void history.unexpected.push('500')],
    ['a process ended by itself', () => ({ gone: ['API 1'] })],
    ['a kind of fault did not happen', ({ faults }) => void faults.absent.add('failover of Redis')],
    ['a job is left', ({ leftovers }) => ({ leftovers: { ...leftovers, jobs: 1 } })],
    ['a write is left pending', ({ leftovers }) => ({ leftovers: { ...leftovers, pending: 1 } })],
    [
      'the store differs from what the API shows',
      ({ leftovers }) => ({ leftovers: { ...leftovers, different: ['a'] } }),
    ],
    [
      'the store has something of an erased account',
      ({ leftovers }) => ({ leftovers: { ...leftovers, resurrected: ['a'] } }),
    ],
    ['there were too few faults', ({ faults }) => void (faults.total = 19)],
    ['too few of them hit a write in flight', ({ faults }) => void (faults.duringWrite = 4)],
    ['too few posts were answered', ({ history }) => void history.lives[0]?.posts.sent.pop()],
    ['too few files were answered', ({ history }) => void history.lives[0]?.files.sent.pop()],
    ['too few logouts were answered', ({ history }) => void (history.logouts = 19)],
    ['too few probes were answered', ({ history }) => void (history.probes = 399)],
    ['too few reads met a pending entry', ({ history }) => void (history.readsOfPending = 99)],
  ];
  for (const [what, change] of wrong) {
    it(`fails if ${what}`, () => {
      const run = goodRun();
      expect(report({ ...run, ...change(run) })).to.include({ isGood: false });
    });
  }

  it('requires no pending entries of an engine that has none', () => {
    const run = goodRun('embedded');
    run.history.readsOfPending = 0;
    expect(report(run)).to.include({ isGood: true });
  });

  it('replaces the last report of its engine in a document', () => {
    const places = ['scale-out', 'embedded'].map(
      (engine) => `<!-- results of ${engine} -->\n<!-- end of ${engine} -->\n`,
    );
    const first = withResults(places.join('between\n'), 'scale-out', '| first |');
    const second = withResults(first, 'scale-out', '| second |');
    expect(second).to.match(
      /results of scale-out -->\n\n\| second \|\n\n<!-- end of scale-out -->\nbetween\n<!-- results of embedded/,
    );
    expect(second).not.to.include('first');
    expect(() => withResults('', 'embedded', '')).to.throw('There is no place');
  });
});
