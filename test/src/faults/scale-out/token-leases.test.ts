import { empty } from '../../world/scale-out/staged.js';
import { expect } from 'chai';
import { MongoServerError } from 'mongodb';
import { unavailable } from '@keybin/shared/errors.js';
import { services } from '../../world/services/services.js';
import { withSteps } from '../../world/scale-out/gates.js';
import { TokenProcess } from '../../unit/scale-out/tokens/token-world.js';

/** Returns the error of an unknown outcome: MongoDB may still do the write. */
const noAnswer = () => unavailable(new Error('no answer'));
/** Returns the error of a write that MongoDB has refused. */
const refusal = () => unavailable(new MongoServerError({ code: 11_000, message: 'duplicate key' }));

describe('the lease of a token whose document could not be replaced', () => {
  const place = services();
  let one: TokenProcess;
  const others: TokenProcess[] = [];

  before(async () => {
    one = await TokenProcess.open(place);
  });
  after(async () => {
    for (const process of [one, ...others]) await process?.close();
  });

  /**
   * Returns a process whose logins fail with `failure`. `arrive` then does in MongoDB what the last of them had sent.
   */
  async function failing(failure: () => Error): Promise<{ process: TokenProcess; arrive: () => Promise<void> }> {
    let sent: (() => Promise<void>) | undefined;
    const process = await TokenProcess.open(place, {
      documents: (documents) =>
        withSteps(documents, {
          replace: async (token) => {
            sent = () => documents.replace(token);
            throw failure();
          },
        }),
    });
    others.push(process);
    return { process, arrive: async () => sent?.() };
  }

  /** Returns true if Redis and MongoDB agree on the earlier token when the new token's document arrives late. */
  async function agreeAfter(failure: () => Error): Promise<boolean> {
    const { process, arrive } = await failing(failure);
    const account = await one.register();
    const earlier = await one.login(account);
    expect(await process.login(account).catch(() => 'failed')).to.equal('failed');
    expect(await one.accepts(earlier)).to.equal(true);
    await arrive();
    const byRedis = await one.accepts(earlier);
    await empty(one.redis);
    return (await one.accepts(earlier)) === byRedis;
  }

  it('stays as long as the write may still happen, so that nobody fills in the document that it would replace', async () => {
    expect(await agreeAfter(noAnswer)).to.equal(true);
  });

  it('would keep the earlier token valid in Redis if it were released', async () => {
    expect(await agreeAfter(refusal)).to.equal(false);
  });

  it('is released if the write was refused, so that the next token is issued at once', async () => {
    const { process } = await failing(refusal);
    const account = await one.register();
    expect(await process.login(account).catch(() => 'failed')).to.equal('failed');
    const token = await one.login(account); // it would be refused while it waits for the lease
    expect(await one.accepts(token)).to.equal(true);
  });
});
