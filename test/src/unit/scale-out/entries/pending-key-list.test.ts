import { expect } from 'chai';
import { PendingKeyList } from '@keybin/shared/engines/scale-out/entries/pending-key-list.js';
import { keysPerPage } from '@keybin/shared/ports/key-list.js';

describe('merging stored and pending keys', () => {
  for (const [what, stored, puts, deletes, merged] of [
    ['nothing', [], [], [], []],
    ['pending keys alone', [], ['b', 'a'], [], ['a', 'b']],
    [
      'keys before, between, in and after the stored ones',
      ['b', 'd'],
      ['e', 'a', 'c', 'd'],
      [],
      ['a', 'b', 'c', 'd', 'e'],
    ],
    ['deletes of stored and of other keys', ['a', 'b'], [], ['a', 'x'], ['b']],
    ['capitals and signs in code-unit order', ['B', '_', 'a'], [',', 'Z', '.'], [], [',', '.', 'B', 'Z', '_', 'a']],
  ] as const) {
    it(`takes ${what}`, async () => {
      expect(await mergedKeys([stored], [{ put: puts, deleted: deletes }])).to.deep.equal(merged);
    });
  }

  it('lists a key that came twice once, in the state that came last', async () => {
    expect(await mergedKeys([['b']], [put('c', 'a'), put('a', 'b'), put('a')])).to.deep.equal(['a', 'b', 'c']);
    expect(await mergedKeys([['a', 'b']], [put('a'), deleted('a'), deleted('b'), put('b')])).to.deep.equal(['b']);
  });

  it('makes pages of at most a thousand keys, wherever the keys come from', async () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => String(index).padStart(4, '0'));
    const [pending, stored] = [keys.slice(0, 3_500), keys.slice(3_500)];
    const list = new PendingKeyList();
    for (let at = 0; at < pending.length; at += 700) list.add({ put: pending.slice(at, at + 700), deleted: [] });
    const pages: (readonly string[])[] = [];
    for await (const page of list.merged(pagesOf([stored]))) pages.push(page);
    expect(pages.map(({ length }) => length)).to.deep.equal(Array(5).fill(keysPerPage));
    expect(pages.flat()).to.deep.equal(keys);
  });
});

interface PendingKeys {
  readonly put: readonly string[];
  readonly deleted: readonly string[];
}

const put = (...keys: string[]): PendingKeys => ({ put: keys, deleted: [] });
const deleted = (...keys: string[]): PendingKeys => ({ put: [], deleted: keys });

async function* pagesOf(pages: readonly (readonly string[])[]): AsyncGenerator<readonly string[], void, undefined> {
  yield* pages;
}

async function mergedKeys(stored: readonly (readonly string[])[], pending: readonly PendingKeys[]): Promise<string[]> {
  const list = new PendingKeyList();
  for (const keys of pending) list.add(keys);
  const pages: (readonly string[])[] = [];
  for await (const page of list.merged(pagesOf(stored))) pages.push(page);
  return pages.flat();
}
