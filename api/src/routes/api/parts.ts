import type { ReadBody } from '../../body.js';
import type { Count } from '../../count.js';
import type { IdentifyParts } from '../../use-cases/identify.js';

/** What the routes of the REST-auth dialect are made of. */
export interface ApiParts extends IdentifyParts {
  readonly tokensIssued: Count;
  readonly readBody: ReadBody;
}
