import { expect } from 'chai';
import { embeddedIdentifyCodes } from '@keybin/shared/engines/embedded/accounts/identify-codes.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { count, ownParts, ownSweeper } from '../embedded/parts.js';
import { oneStore } from '../embedded/store.js';
import { eventually } from '../../world/eventually.js';
import { times } from '../../world/times.js';
import { codesSuite, isRight, putCode, redeems } from './engine-suite.js';

describe('identify codes of the embedded engine', () => {
  codesSuite(oneStore());

  it('expire to the millisecond', async () => {
    const { databases, transactions } = ownParts();
    let nowMs = Date.now();
    const codes = embeddedIdentifyCodes(
      databases,
      new EmbeddedGroupCommit(transactions, { timeoutMs: times.answerMs, clockMs: () => nowMs }),
    );
    await putCode(codes, 'name', 'code', 600);
    nowMs += 599_999;
    expect(await isRight(codes, 'name', 'code')).to.equal(true);
    nowMs += 1;
    expect(await isRight(codes, 'name', 'code')).to.equal(false);
    expect(await redeems(codes, 'name', 'code')).to.equal(false);
  });

  it('leave no record when they are used or have expired, whatever became of them, and the others stay', async () => {
    const parts = ownParts();
    const { databases, writes } = parts;
    const codes = embeddedIdentifyCodes(databases, writes);
    const names = Array.from({ length: 1_200 }, (_, index) => `name/${index}`);
    await Promise.all(names.map((name) => putCode(codes, name, 'first', 0)));
    await putCode(codes, 'name/1', 'second');
    await putCode(codes, 'name/2', 'second');
    for (let wrong = 0; wrong < 5; wrong++) await isRight(codes, 'name/2', 'wrong');
    await putCode(codes, 'used', 'code');
    await redeems(codes, 'used', 'code');
    expect(count(databases.codes)).to.equal(1_200);
    ownSweeper(parts);
    await eventually(() => count(databases.codes) === 2, 'the expired codes to go');
    expect(count(databases.codeExpiries)).to.equal(2);
    expect(await isRight(codes, 'name/1', 'second')).to.equal(true);
  });
});
