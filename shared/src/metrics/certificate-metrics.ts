import { certificatesIn } from '../config/certificates.js';
import type { Config } from '../config/config.js';
import type { Metrics } from './metrics.js';

/** Adds the expiry of each certificate that was read with the settings. It stays the same until a restart. */
export function collectCertificateMetrics(metrics: Metrics, config: Pick<Config, 'queue' | 'store'>): void {
  const expiration = metrics.gauge('keybin_certificate_expiration_timestamp_seconds');
  for (const { setting, subject, serial, expiresAt } of certificatesIn(config)) {
    expiration.set({ setting, subject, serial }, expiresAt.getTime() / 1_000);
  }
}
