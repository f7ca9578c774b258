import { expect } from 'chai';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import type { Answer, KeybinClient } from '../../world/clients/keybin-client.js';

const backWithinMs = 15_000;

/** Two ways in which a server can be down. Without `end` it must be started again. */
export const ways = [
  { way: 'is killed', begin: 'SIGKILL', end: undefined },
  { way: 'hangs', begin: 'SIGSTOP', end: 'SIGCONT' },
] as const;

/** Ends the outage that one of the `ways` began. */
export async function bringBack(
  server: { kill(signal: NodeJS.Signals): Promise<void>; start(): Promise<void> },
  end: NodeJS.Signals | undefined,
): Promise<void> {
  await (end ? server.kill(end) : server.start());
}

const unavailable = 'Service unavailable, try again later';

/** Body of the error in dialects with JSON errors. */
export const unavailableAsJson = JSON.stringify({ error: unavailable });

/** Sends all requests concurrently. Asserts that each is answered 503 with `Retry-After`, in time. */
export async function expectUnavailable(
  calls: Readonly<Record<string, () => Promise<Answer>>>,
  body = unavailable,
): Promise<void> {
  for (const [call, { status, headers, text }] of Object.entries(await answersInTime(calls))) {
    expect(`${status} ${text}`, call).to.equal(`503 ${body}`);
    expect(headers, call).to.have.property('retry-after').that.matches(/^\d+$/);
    expect(headers, call).not.to.have.property('warning');
  }
}

/** Sends all requests concurrently. Asserts that each is answered in time, and returns the answers. */
export async function answersInTime<Name extends string>(
  calls: Readonly<Record<Name, () => Promise<Answer>>>,
): Promise<Readonly<Record<Name, Answer>>> {
  const answers = Object.entries<() => Promise<Answer>>(calls).map(async ([name, call]) => {
    const fromMs = performance.now();
    const answer = await call();
    const tookMs = performance.now() - fromMs;
    expect(tookMs, `${name}: ${answer.status} ${answer.text}`).to.be.below(longestAnswerMs);
    return [name, answer] as const;
  });
  return Object.fromEntries(await Promise.all(answers)) as Record<Name, Answer>; // with the names of `calls`
}

/** Resolves once this process reads, writes and accepts logins again, by itself. */
export async function serves(
  client: KeybinClient,
  { username, password, token }: { readonly username: string; readonly password: string; readonly token: string },
): Promise<void> {
  await works(() => client.put(token, 'after', 1), 'writes');
  await works(() => client.keys(token), 'reads');
  await works(() => client.token(username, password, 'another client'), 'logins');
}

async function works(call: () => Promise<Answer>, what: string): Promise<void> {
  await eventually(async () => (await call()).status === 200, what, backWithinMs);
}
