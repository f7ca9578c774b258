import type { JsonErrors } from '../../middleware/errors.js';

/** How the accounts dialect tells errors. */
export const v1Errors: JsonErrors = {
  prefix: '/v1',
  statuses: { invalid_credentials: 401, invalid_token: 401 },
  challenge: 'Bearer realm="Keybin"',
};
