import { expect } from 'chai';
import { noFindings, type Findings, Life } from '../../fault-run/checkers/history.js';
import { judgePosts, type SentPost } from '../../fault-run/checkers/posts.js';

const sent = (id: string | undefined, content: string, fromMs: number, toMs = fromMs + 1): SentPost => ({
  content,
  fromMs,
  toMs: id === undefined ? Infinity : toMs,
  ...(id !== undefined && { id }),
});

/** Returns a sound history of posts: three acknowledged and one not. The lists show what they must or may. */
function soundLife(): Life {
  const life = new Life('somebody', 'password');
  life.posts.sent.push(
    sent('1', 'first', 0),
    sent('2', 'second', 10),
    sent(undefined, 'lost?', 20),
    sent('4', 'last', 30),
  );
  life.posts.lists.push(
    { fromMs: 2, toMs: 5, posts: [['1', 'first']] },
    { fromMs: 8, toMs: 12, posts: [['1', 'first']] },
    {
      fromMs: 9,
      toMs: 12,
      posts: [
        ['2', 'second'],
        ['1', 'first'],
      ],
    },
    {
      fromMs: 40,
      toMs: 45,
      posts: [
        ['4', 'last'],
        ['3', 'lost?'],
        ['2', 'second'],
        ['1', 'first'],
      ],
    },
  );
  return life;
}

function found(life: Life): Partial<Record<keyof Findings, number>> {
  const findings = noFindings();
  judgePosts(life, findings);
  return Object.fromEntries(
    Object.entries(findings).flatMap(([kind, list]) => (list.length > 0 ? [[kind, list.length]] : [])),
  );
}

describe('the checker of posts in a fault run', () => {
  it('accepts lists that show acknowledged writes, with or without the unacknowledged ones', () => {
    expect(found(soundLife())).to.deep.equal({});
  });

  const all = [
    ['4', 'last'],
    ['3', 'lost?'],
    ['2', 'second'],
    ['1', 'first'],
  ] as const;
  const planted: readonly [string, (life: Life) => void, Partial<Record<keyof Findings, number>>][] = [
    [
      'a post that a list missed',
      ({ posts }) => posts.lists.push({ fromMs: 50, toMs: 51, posts: all.slice(1) }),
      { missed: 1 },
    ],
    [
      'a post that is gone at the end',
      ({ posts }) => posts.lists.push({ fromMs: 50, toMs: 51, posts: all.slice(0, 3), final: true }),
      { lost: 1 },
    ],
    [
      'a post without an answer that was seen and is gone',
      ({ posts }) =>
        posts.lists.push({ fromMs: 50, toMs: 51, posts: all.filter(([, content]) => content !== 'lost?') }),
      { missed: 1 },
    ],
    [
      'a list that is not in order',
      ({ posts }) => posts.lists.push({ fromMs: 50, toMs: 51, posts: all.toReversed() }),
      { missed: 3 },
    ],
    [
      'a post that a list shows twice',
      ({ posts }) => posts.lists.push({ fromMs: 50, toMs: 51, posts: [...all, ['1', 'first']] }),
      { missed: 1 },
    ],
    [
      'a post that is older than an earlier one',
      ({ posts }) => posts.sent.push(sent('35', 'older', 60)),
      { missed: 1 },
    ],
    [
      'a post of another account, and a content under the id of another',
      ({ posts }) =>
        posts.lists.push({ fromMs: 50, toMs: 51, posts: [['6', 'of another'], ['5', 'last'], ...all.slice(1)] }),
      { resurrected: 2 },
    ],
  ];
  for (const [what, plant, expected] of planted) {
    it(`finds ${what}`, () => {
      const life = soundLife();
      plant(life);
      expect(found(life)).to.deep.equal(expected);
    });
  }

  it('checks nothing in a list that was returned while the account was about to be deleted', () => {
    const life = soundLife();
    life.endingFromMs = 49;
    life.posts.lists.push({ fromMs: 48, toMs: 51, posts: [] });
    expect(found(life)).to.deep.equal({});
  });
});
