import { expect } from 'chai';
import * as fc from 'fast-check';
import { KeybinClient, type Answer } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';
import { anyHistory } from './random-histories.js';
import type { Subject } from '../subjects/subject.js';

/** Returns the first value of a key for ever. */
class StaleClient extends KeybinClient {
  readonly #shown = new Map<string, Answer>();

  override async get(token: string, key: string): Promise<Answer> {
    const id = `${token}/${key}`;
    const shown = this.#shown.get(id) ?? (await super.get(token, key));
    this.#shown.set(id, shown);
    return shown;
  }
}

/** Restores an entry after deleting it. */
class ForgetfulClient extends KeybinClient {
  override async delete(token: string, key: string): Promise<Answer> {
    const answer = await super.delete(token, key);
    if (answer.status === 200) await this.put(token, key, 'it is back');
    return answer;
  }
}

describe('the model of any sequence of requests', function () {
  this.timeout(60_000); // shrinking takes time
  let api: RunningApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api?.stop());

  /** Returns the smallest number of steps with which the property fails through such a client. */
  async function fewestSteps(make: (url: string) => KeybinClient): Promise<number> {
    const there = make(api.url);
    const here = new KeybinClient(api.url);
    const subject: Subject = {
      here,
      there,
      startAnother: (env) => startApi({ env }),
      besides: (another) => another,
      settle: async () => {},
    };
    const { failed, counterexample } = await fc.check(anyHistory(subject), { numRuns: 100 });
    expect(failed).to.equal(true);
    return counterexample?.[0].length ?? Infinity;
  }

  it('finds a stale read, and reports the few steps that lead to it', async () => {
    expect(await fewestSteps((url) => new StaleClient(url))).to.be.at.most(5);
  });

  it('finds a deleted key that came back, and reports the few steps that lead to it', async () => {
    expect(await fewestSteps((url) => new ForgetfulClient(url))).to.be.at.most(5);
  });
});
