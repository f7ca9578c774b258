import type { Config } from '@keybin/shared/config/config.js';
import type { Services } from './services.js';
import { times } from '../times.js';

/** Returns the settings of a process's database, for parts of it that a test opens itself. */
export const storeSettings = ({ mongoUrl, database }: Pick<Services, 'mongoUrl' | 'database'>): Config['store'] => ({
  host: mongoUrl,
  tlsCa: undefined,
  database,
  storeCollection: 'store',
  usersCollection: 'users',
  tokenCollection: 'tokens',
  tokenExpirationSeconds: 60,
});

/** Returns the settings and times with which a part of the product opens this database. */
export const storePlace = (services: Pick<Services, 'mongoUrl' | 'database'>): Pick<Config, 'store' | 'times'> => ({
  store: storeSettings(services),
  times,
});
