import type { Config } from '@keybin/shared/config/config.js';
import type { Services } from './services.js';
import { times } from '../times.js';

/** What a process is told about its database, for parts of it that a test opens itself. */
export const storeSettings = ({ mongoUrl, database }: Pick<Services, 'mongoUrl' | 'database'>): Config['store'] => ({
  host: mongoUrl,
  database,
  storeCollection: 'store',
  usersCollection: 'users',
  tokenCollection: 'tokens',
  tokenExpirationSeconds: 60,
});

/** The same for what opens it. */
export const storePlace = (services: Pick<Services, 'mongoUrl' | 'database'>): Pick<Config, 'store' | 'times'> => ({
  store: storeSettings(services),
  times,
});
