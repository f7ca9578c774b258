import { expect } from 'chai';
import { unexplained, type Content, type Operation } from '../../fault-run/checkers/register.js';

const put = (content: Content, fromMs: number, toMs: number): Operation => ({ kind: 'write', content, fromMs, toMs });
const remove = (fromMs: number, toMs: number) => put(undefined, fromMs, toMs);
const removeFound = (fromMs: number, toMs: number): Operation => ({
  kind: 'write',
  content: undefined,
  found: true,
  fromMs,
  toMs,
});
const read = (content: Content, fromMs: number, toMs: number): Operation => ({ kind: 'read', content, fromMs, toMs });
const list = (listed: boolean, fromMs: number, toMs: number): Operation => ({ kind: 'listing', listed, fromMs, toMs });

interface Case {
  readonly what: string;
  readonly operations: readonly Operation[];
  /** Indexes of operations that cannot be explained. */
  readonly found: readonly number[];
}

const cases: readonly Case[] = [
  { what: 'reads of what was written', operations: [put('1', 0, 1), read('1', 2, 3), list(true, 4, 5)], found: [] },
  { what: 'a read of nothing before the first write', operations: [read(undefined, 0, 1), put('1', 2, 3)], found: [] },
  { what: 'a read of nothing after a write', operations: [put('1', 0, 1), read(undefined, 2, 3)], found: [1] },
  { what: 'a list without a key that was written', operations: [put('1', 0, 1), list(false, 2, 3)], found: [1] },
  {
    what: 'a list with a key that was deleted',
    operations: [put('1', 0, 1), remove(2, 3), list(true, 4, 5)],
    found: [2],
  },
  {
    what: 'a read of the value before the last',
    operations: [put('1', 0, 1), put('2', 2, 3), read('1', 4, 5), read('2', 6, 7)],
    found: [2],
  },
  { what: 'a read of what nobody wrote', operations: [put('1', 0, 1), read('2', 2, 3)], found: [1] },
  { what: 'a read that ended before the write began', operations: [read('1', 0, 1), put('1', 2, 3)], found: [0] },
  {
    what: 'a value that was deleted and is back',
    operations: [put('1', 0, 1), remove(2, 3), read('1', 4, 5)],
    found: [2],
  },
  {
    what: 'a read of anything but the only value there can be',
    operations: [put('1', 0, 1), { ...read('1', 2, 3), isNot: true } as Operation, read('1', 4, 5)],
    found: [1],
  },
  {
    what: 'a delete that found a value',
    operations: [put('1', 0, 1), removeFound(2, 3), read(undefined, 4, 5)],
    found: [],
  },
  {
    what: 'two deletes that found the same value',
    operations: [
      put('1', 0, 1),
      removeFound(2, 5),
      removeFound(3, 6),
      read(undefined, 7, 8),
      put('2', 9, 10),
      read('2', 11, 12),
    ],
    found: [2],
  },
  {
    what: 'two writes at once, read in either order by all alike',
    operations: [put('1', 0, 9), put('2', 0, 9), read('2', 10, 11), read('2', 12, 13)],
    found: [],
  },
  {
    what: 'two writes at once, read in both orders',
    operations: [put('1', 0, 9), put('2', 0, 9), read('2', 10, 11), read('1', 12, 13)],
    found: [3],
  },
  {
    what: 'a new value that is seen, and then the old one, while the write is in flight',
    operations: [put('1', 0, 1), put('2', 2, 20), read('2', 3, 4), read('1', 5, 6)],
    found: [3],
  },
  {
    what: 'a put without an answer that was done late',
    operations: [put('1', 0, 1), put('2', 2, Infinity), read('1', 3, 4), read('2', 5, 6), read('2', 7, 8)],
    found: [],
  },
  {
    what: 'a put without an answer that was seen and is gone',
    operations: [put('1', 0, 1), put('2', 2, Infinity), read('2', 3, 4), read('1', 5, 6)],
    found: [3],
  },
  {
    what: 'a put without an answer that only a list shows',
    operations: [put('1', 0, Infinity), list(true, 1, 2), remove(3, 4), list(false, 5, 6)],
    found: [],
  },
  {
    what: 'one put without an answer that would have to be done twice',
    operations: [put('1', 0, Infinity), list(true, 1, 2), remove(3, 4), list(false, 5, 6), list(true, 7, 8)],
    found: [4],
  },
  {
    what: 'a delete without an answer that was done late',
    operations: [put('1', 0, 1), remove(2, Infinity), read('1', 3, 4), read(undefined, 5, 6), list(false, 7, 8)],
    found: [],
  },
  {
    what: 'one delete without an answer that would have to be done twice',
    operations: [put('1', 0, 1), remove(2, Infinity), read(undefined, 3, 4), put('2', 5, 6), read(undefined, 7, 8)],
    found: [4],
  },
  {
    what: 'two deletes without an answer, one for each',
    operations: [
      put('1', 0, 1),
      remove(2, Infinity),
      remove(2, Infinity),
      read(undefined, 3, 4),
      put('2', 5, 6),
      read(undefined, 7, 8),
    ],
    found: [],
  },
];

describe('the checker of one key', () => {
  for (const { what, operations, found } of cases) {
    it(`${found.length > 0 ? 'finds' : 'accepts'} ${what}`, () => {
      expect(unexplained(operations)).to.deep.equal(found.map((index) => operations[index]));
    });
  }

  it('handles many concurrent operations, and many whose outcome is unknown', () => {
    const at = 100;
    const open = Array.from({ length: 8 }, (_, index) => put(`open ${index}`, at, at + 10));
    const unanswered = Array.from({ length: 200 }, (_, index) =>
      put(index % 2 ? `never ${index}` : undefined, index, Infinity),
    );
    const reads = Array.from({ length: 4 }, (_, index) => read(`open ${index}`, at + 1, at + 10));
    const last = read('open 3', at + 20, at + 21);
    const contradiction = read('open 4', at + 22, at + 23);
    expect(unexplained([...open, ...unanswered, ...reads, last, contradiction])).to.deep.equal([contradiction]);
  });
});
