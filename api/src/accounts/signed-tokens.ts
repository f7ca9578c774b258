import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { Config } from '@keybin/shared/config/config.js';
import type { Account, Secrets } from '@keybin/shared/ports/engine.js';

const algorithm = 'HS256';

/** Claims of a token that was signed here. */
export interface SignedClaims {
  /** Number of the account. */
  readonly number: number;
  /** Generation of the account at the login. */
  readonly generation: number;
  readonly expired: boolean;
}

/**
 * JSON Web Tokens (RFC 7519), which no store keeps. A token has the account's number (`id`), its generation unless that
 * is 0, and an expiry. Callers look the account up each time they read a token. So a token ends when its account is
 * disabled, or deleted, because numbers are never reused.
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

  /** Returns the claims of a token, or `undefined` for any text that is no token of this key and algorithm. */
  async read(token: string): Promise<SignedClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, { algorithms: [algorithm], requiredClaims: ['exp'] });
      return claimsOf(payload, false);
    } catch (error) {
      // jose checks the signature before the expiry
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

/**
 * Returns the secret of the configuration, or else one that the first process made and all processes share. Throws
 * `unavailable`.
 */
export async function signingSecret(settings: Config['accounts'], secrets: Secrets): Promise<string> {
  return settings.signingSecret ?? secrets.agree('signing', randomBytes(32).toString('base64url'));
}
