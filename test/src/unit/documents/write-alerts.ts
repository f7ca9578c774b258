/** Run by `npm run settings` in the root: writes the alerts of Prometheus into docs/operations/alerts.md. */
import { readFileSync } from 'node:fs';
import { writeBetween } from '@keybin/shared/documents/write-between.js';
import { alertsList } from './alert-documents.js';

writeBetween(
  'docs/operations/alerts.md',
  'alerts',
  alertsList(readFileSync('deploy/prometheus/keybin-alerts.yml', 'utf8')),
);
