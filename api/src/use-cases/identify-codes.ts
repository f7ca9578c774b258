import type { KeyObject } from 'node:crypto';
import { withDeadline } from '@keybin/shared/deadline.js';
import { registrationClosed } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import { checkNewUsername } from '../accounts/check-new-username.js';
import type { Credentials } from '../accounts/credentials.js';
import { hashOfCode, newCode } from '../identify-codes/code.js';
import type { CodeDelivery } from '../identify-codes/delivery.js';
import type { AccountParts } from './authenticate.js';
import { register } from './register.js';

/** Wrong attempts that end a code. */
const tries = 5;

/** Dependencies of identify codes. */
export interface Codes {
  readonly key: KeyObject;
  readonly delivery: CodeDelivery;
  readonly lifetimeSeconds: number;
  /** True if a code goes to somebody else than the client that asks for it. */
  readonly reachOthers: boolean;
}

/**
 * Makes a code with which this name may be registered, whether it is taken or not, and delivers it. Returns the code
 * that the response contains, or null if it went another way. Throws `registration_closed`, `invalid_username`,
 * `too_many_requests`, and `unavailable` if the code did not arrive.
 */
export async function sendIdentifyCode(
  {
    engine,
    limits,
    registration,
    distinctNames,
    times,
  }: Pick<AccountParts, 'engine' | 'limits' | 'registration' | 'distinctNames' | 'times'>,
  { key, delivery, lifetimeSeconds, reachOthers }: Codes,
  { username, address }: Omit<Credentials, 'password'>,
): Promise<number | null> {
  if (registration === 'off') throw registrationClosed();
  checkNewUsername(username, distinctNames);
  const startedMs = performance.now();
  const code = newCode();
  const codeHash = hashOfCode(key, username, String(code));
  const store = async () => {
    await limits.identifyCode(address);
    const findUserId = async () => (await engine.accounts.find(username))?.userId;
    if (reachOthers) await limits.identifyCodeSent({ username, address, findUserId });
    await engine.identifyCodes.put({ username, codeHash, lifetimeSeconds, tries });
  };
  await withDeadline(store(), times.answerMs, 'storing an identify code');
  return delivery.deliver({ username, code, lifetimeSeconds }, startedMs);
}

/**
 * Creates an account for a client that has the code of its name. A code is used up only when the account can be
 * created. So it may be sent again after `unavailable` because of its hash. Throws `invalid_identify_code` and the
 * errors of `register`.
 */
export async function registerWithIdentifyCode(
  parts: AccountParts,
  { key }: Pick<Codes, 'key'>,
  credentials: Credentials,
  code: string,
): Promise<Account> {
  const { identifyCodes } = parts.engine;
  const { username } = credentials;
  const codeHash = hashOfCode(key, username, code);
  return register(parts, credentials, {
    check: () => identifyCodes.check(username, codeHash),
    redeem: () => identifyCodes.redeem(username, codeHash),
  });
}
