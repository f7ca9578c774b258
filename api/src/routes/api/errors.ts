import type { JsonErrors } from '../../middleware/errors.js';

/** How the REST-auth dialect tells errors. */
export const apiErrors: JsonErrors = {
  prefix: '/api',
  statuses: { account_exists: 400, account_not_found: 400, invalid_credentials: 401 },
  challenge: 'Basic realm="Keybin", charset="UTF-8"',
};
