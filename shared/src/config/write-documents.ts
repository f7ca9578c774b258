/**
 * Run by `npm run settings` in the root: writes what follows from `settings.ts` into `store.cfg` and `README.md`, and what follows
 * from the definitions of the metrics into `OPERATIONS.md`.
 */
import { writeFileSync } from 'node:fs';
import { metricsTable } from '../metrics/documents.js';
import { settingsFile, settingsTable } from './documents.js';
import { writeBetween } from './write-between.js';

writeBetween('README.md', 'settings', settingsTable());
writeBetween('OPERATIONS.md', 'metrics', metricsTable());
writeFileSync('store.cfg', settingsFile());
