/**
 * Run by `npm run settings` in the root: writes `store.cfg` and docs/configuration.md from `settings.ts`, and
 * docs/operations/metrics.md from the definitions of the metrics.
 */
import { writeFileSync } from 'node:fs';
import { metricsSections } from './metrics-sections.js';
import { settingsFile, settingsSections } from './settings-sections.js';
import { writeBetween } from './write-between.js';

writeBetween('docs/configuration.md', 'settings', settingsSections());
writeBetween('docs/operations/metrics.md', 'metrics', metricsSections());
writeFileSync('store.cfg', settingsFile());
