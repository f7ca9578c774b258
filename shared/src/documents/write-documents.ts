/**
 * Main of `npm run settings`. Writes `store.cfg` and docs/configuration.md from `settings.ts`,
 * docs/operations/metrics.md from the definitions of the metrics, docs/storage.md from the contents of the stores, and
 * the user for Redis in docs/operations/scale-out.md.
 */
import { writeFileSync } from 'node:fs';
import { redisAclCommand } from '../engines/scale-out/redis/redis-acl.js';
import { storageLists } from './storage-lists.js';
import { metricsSections } from './metrics-sections.js';
import { settingsFile, settingsSections } from './settings-sections.js';
import { writeBetween } from './write-between.js';

writeBetween('docs/configuration.md', 'settings', settingsSections());
writeBetween('docs/operations/metrics.md', 'metrics', metricsSections());
for (const [name, list] of Object.entries(storageLists)) writeBetween('docs/storage.md', name, list());
writeBetween('docs/operations/scale-out.md', 'redis-user', `\`\`\`\n${redisAclCommand()}\n\`\`\``);
writeFileSync('store.cfg', settingsFile());
