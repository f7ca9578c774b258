import { hash, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Engine, IdentifyCodes } from '@keybin/shared/ports/engine.js';
import { codeOf } from '../embedded/store.js';
import { eventually } from '../../world/eventually.js';

/** Two engines on the same data, or one engine twice. Known once the suite's `before` hooks have run. */
export interface CodesSubject {
  readonly here: Pick<Engine, 'identifyCodes'>;
  readonly there: Pick<Engine, 'identifyCodes'>;
}

const tries = 5;

export const hashed = (code: string) => hash('sha256', code);

export function putCode(codes: IdentifyCodes, username: string, code: string, lifetimeSeconds = 600): Promise<void> {
  return codes.put({ username, codeHash: hashed(code), lifetimeSeconds, tries });
}

export async function isRight(codes: IdentifyCodes, username: string, code: string): Promise<boolean> {
  const refusal = await codeOf(codes.check(username, hashed(code)));
  expect(refusal).to.be.oneOf([undefined, 'invalid_identify_code']);
  return refusal === undefined;
}

export async function redeems(codes: IdentifyCodes, username: string, code: string): Promise<boolean> {
  const refusal = await codeOf(codes.redeem(username, hashed(code)));
  expect(refusal).to.be.oneOf([undefined, 'invalid_identify_code']);
  return refusal === undefined;
}

export function codesSuite(subject: CodesSubject): void {
  let name: string;
  const here = () => subject.here.identifyCodes;
  const there = () => subject.there.identifyCodes;

  beforeEach('a name', () => {
    name = `name/${randomUUID()}`;
  });

  it('can be checked many times, and redeemed once, by any process', async () => {
    await putCode(here(), name, 'code');
    for (const codes of [there(), here(), there()]) expect(await isRight(codes, name, 'code')).to.equal(true);
    expect(await redeems(there(), name, 'code')).to.equal(true);
    for (const codes of [there(), here()]) {
      expect(await isRight(codes, name, 'code')).to.equal(false);
      expect(await redeems(codes, name, 'code')).to.equal(false);
    }
  });

  it('are redeemed by one of many concurrent attempts', async () => {
    for (let round = 0; round < 10; round++) {
      await putCode(here(), name, `code ${round}`);
      const redeemed = await Promise.all(
        Array.from({ length: 8 }, (_, index) => redeems(index % 2 ? here() : there(), name, `code ${round}`)),
      );
      expect(redeemed.filter(Boolean)).to.have.lengthOf(1);
    }
  });

  it('belong to one name', async () => {
    await putCode(here(), name, 'code');
    for (const other of [`${name}x`, name.toUpperCase(), '']) {
      expect(await isRight(there(), other, 'code')).to.equal(false);
      expect(await redeems(there(), other, 'code')).to.equal(false);
    }
    expect(await redeems(there(), name, 'code')).to.equal(true);
  });

  it('are replaced by a newer one, which has all its attempts', async () => {
    await putCode(here(), name, 'first');
    for (let count = 0; count < tries - 1; count++) await isRight(here(), name, 'wrong');
    await putCode(there(), name, 'second');
    expect(await redeems(here(), name, 'first')).to.equal(false);
    for (let count = 0; count < tries - 1; count++) expect(await isRight(here(), name, 'first')).to.equal(false);
    expect(await redeems(there(), name, 'second')).to.equal(true);
  });

  it('survive four wrong attempts and end with the fifth', async () => {
    await putCode(here(), name, 'code');
    for (let count = 1; count < tries; count++) expect(await isRight(here(), name, `wrong ${count}`)).to.equal(false);
    expect(await isRight(there(), name, 'code')).to.equal(true);
    expect(await isRight(there(), name, 'wrong')).to.equal(false);
    expect(await isRight(here(), name, 'code')).to.equal(false);
    expect(await redeems(here(), name, 'code')).to.equal(false);
  });

  it('end with five of many concurrent wrong attempts', async () => {
    await putCode(here(), name, 'code');
    const guess = (index: number) => isRight(index % 2 ? here() : there(), name, `wrong ${index}`);
    const guessed = await Promise.all(Array.from({ length: 50 }, (_, index) => guess(index)));
    expect(guessed.some(Boolean)).to.equal(false);
    expect(await isRight(here(), name, 'code')).to.equal(false);
  });

  it('are valid exactly for their lifetime', async () => {
    const before = Date.now();
    await putCode(here(), name, 'code', 1);
    const after = Date.now();
    let lastRightAt = 0;
    await eventually(async () => {
      const askedAt = Date.now();
      const right = await isRight(there(), name, 'code');
      if (right) lastRightAt = askedAt;
      else expect(Date.now()).to.be.at.least(before + 1_000);
      return !right;
    }, 'the code to expire');
    expect(lastRightAt).to.be.at.most(after + 1_000);
    expect(await redeems(here(), name, 'code')).to.equal(false);
  });
}
