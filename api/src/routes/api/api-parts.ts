import type { ReadBody } from '../../bodies/body.js';
import type { Count } from '../../metrics/api-metrics.js';
import type { AuthenticateBasicParts } from '../../use-cases/authenticate-basic.js';

/** Dependencies of the routes of `/api`. */
export interface ApiParts extends AuthenticateBasicParts {
  readonly tokensIssued: Count;
  readonly readBody: ReadBody;
  /** URL by which clients reach this service, if it is set. */
  readonly publicUrl: string | undefined;
  /** True if everyone may read the name of an account by its number. */
  readonly publicUsers: boolean;
}
