/** Writes the Prometheus alerts into docs/operations/alerts.md. `npm run settings` in the root runs it. */
import { readFileSync } from 'node:fs';
import { writeBetween } from '@keybin/shared/documents/write-between.js';
import { alertsList } from './alert-documents.js';

writeBetween(
  'docs/operations/alerts.md',
  'alerts',
  alertsList(readFileSync('deploy/prometheus/keybin-alerts.yml', 'utf8')),
);
