/** Run by `npm run settings` in the root: writes what follows from the definitions of the routes into `README.md`. */
import { writeBetween } from '@keybin/shared/config/write-between.js';
import { routesTable } from './documents.js';

writeBetween('README.md', 'routes', routesTable());
