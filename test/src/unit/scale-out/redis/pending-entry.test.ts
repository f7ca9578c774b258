import { expect } from 'chai';
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
