import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { Config } from '@keybin/shared/config/config.js';
import type { Account, Secrets } from '@keybin/shared/ports/engine.js';

const algorithm = 'HS256';

/** What a token says that was signed here. */
export interface SignedClaims {
  /** The account's number. */
  readonly number: number;
  /** Of the account as it logged in. */
  readonly generation: number;
  readonly expired: boolean;
}

/**
 * Tokens that no store knows: JSON Web Tokens (RFC 7519) with the number of an account, `id`, its generation if that is
 * not 0, and an expiry. Numbers are never used again, so a token ends with its account, and when that is disabled, if it is looked for
 * whenever one is read.
 */
export class SignedTokens {
  readonly #key: KeyObject;

  constructor(
    secret: string,
    readonly lifetimeSeconds: number,
  ) {
    this.#key = createSecretKey(secret, 'utf8');
  }

  issue({ number, generation }: Pick<Account, 'number' | 'generation'>): Promise<string> {
    return new SignJWT({ id: number, ...(generation && { generation }) })
      .setProtectedHeader({ alg: algorithm })
      .setIssuedAt()
      .setExpirationTime(`${this.lifetimeSeconds} seconds`)
      .sign(this.#key);
  }

  /** `undefined` for any text that is no token of this key and algorithm. */
  async read(token: string): Promise<SignedClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, { algorithms: [algorithm], requiredClaims: ['exp'] });
      return claimsOf(payload, false);
    } catch (error) {
      // The signature is looked at first
      if (error instanceof errors.JWTExpired) return claimsOf(error.payload, true);
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

function claimsOf({ id, generation = 0 }: JWTPayload, expired: boolean): SignedClaims | undefined {
  return isInteger(id) && isInteger(generation) ? { number: id, generation, expired } : undefined;
}

const isInteger = (claim: unknown): claim is number => Number.isSafeInteger(claim);

/** The secret of the configuration, else one that the first process made and all share. Throws `unavailable`. */
export async function signingSecret(settings: Config['accounts'], secrets: Secrets): Promise<string> {
  return settings.signingSecret ?? secrets.agree('signing', randomBytes(32).toString('base64url'));
}
