import type { Engine } from '@keybin/shared/ports.js';
import type { ReadBody } from '../../body.js';
import type { Passwords } from '../../passwords.js';

/** What the routes of the Keybin dialect are made of. */
export interface KeybinParts {
  readonly engine: Engine;
  readonly passwords: Passwords;
  readonly readBody: ReadBody;
  /** For a value as JSON text. */
  readonly valueLimitBytes: number;
  readonly tokenLifetimeSeconds: number;
}
