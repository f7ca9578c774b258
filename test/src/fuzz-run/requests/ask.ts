import type { Dispatcher } from 'undici';
import { eventually } from '../../world/eventually.js';
import { send, type Answer, type SendOptions } from '../../world/clients/keybin-client.js';

const servedWithinMs = 60_000;

/** Sends a request that is not itself under test, and repeats it while the machine is too busy for it. */
export function ask(
  url: string,
  method: Dispatcher.HttpMethod,
  path: string,
  options: SendOptions = {},
): Promise<Answer> {
  const served = async () => {
    const answer = await send(url, method, path, options);
    return answer.status !== 503 && answer;
  };
  return eventually(served, `an answer to ${method} ${path.slice(0, 20)}`, servedWithinMs);
}
