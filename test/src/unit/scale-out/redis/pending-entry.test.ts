import { expect } from 'chai';
import { mergeKeys } from '@keybin/shared/engines/scale-out/entries/entries.js';
import {
  formatPendingEntry,
  headLength,
  parsePendingEntry,
} from '@keybin/shared/engines/scale-out/redis/pending-entry.js';

describe('the text of a pending entry', () => {
  for (const entry of [
    { epoch: 1, version: 1, json: '"ä\\u0000"' },
    { epoch: 99_999_999, version: Number.MAX_SAFE_INTEGER, json: '1' },
    { epoch: 12, version: 1_790_000_000_000_000, json: undefined },
  ]) {
    it(`parses again to version ${entry.version} with ${entry.json ?? 'a delete'}`, () => {
      expect(parsePendingEntry(formatPendingEntry(entry))).to.deep.equal(entry);
    });
  }

  it('of a delete is only the head, and every put is longer', () => {
    expect(formatPendingEntry({ epoch: 1, version: 1, json: undefined })).to.have.length(headLength);
    expect(formatPendingEntry({ epoch: 1, version: 1, json: '0' })).to.have.length(headLength + 1);
  });
});

describe('merging stored and pending keys', () => {
  for (const [what, stored, put, deleted, merged] of [
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
    it(`takes ${what}`, () => {
      expect(mergeKeys(stored, { put, deleted })).to.deep.equal(merged);
    });
  }
});
