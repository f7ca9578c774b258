import { readFileSync } from 'node:fs';
import { metricsTable } from '@keybin/shared/metrics/documents.js';
import { expectTable } from '../world/table-in-document.js';

const operations = readFileSync(new URL('../../../OPERATIONS.md', import.meta.url), 'utf8');

describe('OPERATIONS.md', () => {
  it('lists every metric that is defined, and no other (npm run settings writes it anew)', () => {
    expectTable(operations, 'metrics', metricsTable());
  });
});
