/** A client whose login was not answered tries passwords until one is right, which a run of minutes does too often for the usual limits. */
export const unlimited = {
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: 'off',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: 'off',
};
