import { expect } from 'chai';
import { orTimeout, settledWithin, withDeadline } from '@keybin/shared/deadline.js';
import { KeybinError } from '@keybin/shared/errors.js';

const never = new Promise<never>(() => {});
const longMs = 60_000;

const reasonOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

describe('a race with a time-out', () => {
  it('settles like the promise if that is first', async () => {
    const failure = new Error('of its own');
    expect(await orTimeout(Promise.resolve('done'), longMs, () => new Error('late'))).to.equal('done');
    expect(await reasonOf(orTimeout(Promise.reject(failure), longMs, () => new Error('late')))).to.equal(failure);
  });

  it('throws the error of the caller when it is late', async () => {
    const late = new Error('late');
    expect(await reasonOf(orTimeout(never, 1, () => late))).to.equal(late);
  });

  it('throws `unavailable` for work of a request, and names the slow work for the log', async () => {
    const error = await reasonOf(withDeadline(never, 1, 'the work'));
    expect(error).to.be.instanceOf(KeybinError).with.property('code', 'unavailable');
    expect(error).to.have.nested.property('cause.message', 'the work took longer than 1 ms');
  });

  it('throws nothing if only the end is awaited', async () => {
    await settledWithin(undefined, longMs);
    await settledWithin(Promise.resolve(), longMs);
    await settledWithin(Promise.reject(new Error('of its own')), longMs);
    await settledWithin(never, 1);
  });
});
