/**
 * Settings without rate limits. A client whose login got no answer tries several passwords, too often for the defaults.
 */
export const unlimited = {
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: 'off',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: 'off',
};
