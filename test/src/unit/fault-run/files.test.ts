import { expect } from 'chai';
import { judgeFiles, type SentFile, type ShownFile } from '../../fault-run/checkers/files.js';
import { noFindings, type Findings, Life } from '../../fault-run/checkers/history.js';

const sent = (name: string, fromMs: number, more: Partial<SentFile> = {}): SentFile => ({
  name,
  sha256: `of ${name}`,
  fromMs,
  toMs: more.id === undefined ? Infinity : fromMs + 1,
  ...more,
});
const shown = (id: string, name: string): ShownFile => ({ id, name, sha256: `of ${name}` });
const all = [shown('3', 'lost?'), shown('2', 'second'), shown('1', 'first')];

/**
 * Returns a sound history of files: two acknowledged, one not, one broken off and one deleted. The lists show what they
 * must or may.
 */
function soundLife(): Life {
  const life = new Life('somebody', 'password');
  const { files } = life;
  files.sent.push(
    sent('first', 0, { id: '1' }),
    sent('second', 10, { id: '2' }),
    sent('lost?', 20),
    sent('broken', 30, { isBroken: true }),
    sent('deleted', 31, { id: '4' }),
  );
  files.deletes.set('deleted', { fromMs: 36, toMs: 38 });
  files.lists.push(
    { fromMs: 2, toMs: 5, files: all.slice(2) },
    { fromMs: 9, toMs: 12, files: all.slice(1) },
    { fromMs: 33, toMs: 35, files: [shown('4', 'deleted'), ...all.slice(1)] },
    { fromMs: 37, toMs: 39, files: all.slice(1) },
    { fromMs: 40, toMs: 45, files: all },
  );
  return life;
}

function found(life: Life): Partial<Record<keyof Findings, number>> {
  const findings = noFindings();
  judgeFiles(life, findings);
  return Object.fromEntries(
    Object.entries(findings).flatMap(([kind, list]) => (list.length > 0 ? [[kind, list.length]] : [])),
  );
}

describe('the checker of files in a fault run', () => {
  it('accepts lists that show acknowledged writes, with or without the unacknowledged ones', () => {
    expect(found(soundLife())).to.deep.equal({});
  });

  const planted: readonly [string, ShownFile[], Partial<Record<keyof Findings, number>>, final?: boolean][] = [
    ['a file that a list missed', all.slice(0, 2), { missed: 1 }],
    ['a file that is gone at the end', all.slice(0, 2), { lost: 1 }, true],
    ['a file without an answer that was seen and is gone', all.slice(1), { missed: 1 }],
    ['a file that was never sent', [shown('5', 'of another'), ...all], { resurrected: 1 }],
    ['an interrupted upload', [shown('5', 'broken'), ...all], { resurrected: 1 }],
    ['a file that was deleted', [shown('4', 'deleted'), ...all], { resurrected: 1 }],
    ['a file under the id of another', [shown('5', 'first'), ...all.slice(0, 2)], { resurrected: 1 }],
    ['other bytes', [{ ...shown('1', 'first'), sha256: 'another' }, ...all.slice(0, 2)], { resurrected: 1 }],
  ];
  for (const [what, files, expected, final = false] of planted) {
    it(`finds ${what}`, () => {
      const life = soundLife();
      life.files.lists.push({ fromMs: 50, toMs: 51, files, final });
      expect(found(life)).to.deep.equal(expected);
    });
  }

  it('checks nothing in a list that was returned while the account was about to be deleted', () => {
    const life = soundLife();
    life.endingFromMs = 49;
    life.files.lists.push({ fromMs: 48, toMs: 51, files: [] });
    expect(found(life)).to.deep.equal({});
  });
});
