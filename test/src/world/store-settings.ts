import type { Config } from '@keybin/shared/config/config.js';
import type { Services } from './services.js';

/** What a process is told about its database, for parts of it that a test opens itself. */
export const storeSettings = ({ mongoUrl, database }: Pick<Services, 'mongoUrl' | 'database'>): Config['store'] => ({
  host: mongoUrl,
  database,
  storeCollection: 'store',
  usersCollection: 'users',
  tokenCollection: 'tokens',
  tokenExpirationSeconds: 60,
});
