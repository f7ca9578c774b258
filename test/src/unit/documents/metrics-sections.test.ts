import { readFileSync } from 'node:fs';
import { metricsSections } from '@keybin/shared/documents/metrics-sections.js';
import { redisAclCommand } from '@keybin/shared/engines/scale-out/redis/redis-acl.js';
import { expectBlock } from '../../world/block-in-document.js';
import { alertsList } from './alert-documents.js';

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

describe('The pages of operations (npm run settings writes them anew)', () => {
  it('list every metric that is defined, and no other', () => {
    expectBlock(read('docs/operations/metrics.md'), 'metrics', metricsSections());
  });

  it('have the command that creates the user for Redis', () => {
    expectBlock(read('docs/operations/scale-out.md'), 'redis-user', `\`\`\`\n${redisAclCommand()}\n\`\`\``);
  });

  it('list every alert with its rule', () => {
    const rules = read('deploy/prometheus/keybin-alerts.yml');
    expectBlock(read('docs/operations/alerts.md'), 'alerts', alertsList(rules));
  });
});
