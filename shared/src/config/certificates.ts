import type { Certificate } from './certificate-file.js';
import type { Config } from './config.js';

/** Certificate in a file that a setting names. */
export interface ConfiguredCertificate extends Certificate {
  /** Name of the setting, such as `[QUEUE] tls_ca`. */
  readonly setting: string;
  readonly path: string;
}

/** Returns the certificates in all files that settings name. They are of authorities: Keybin has none of its own. */
export function certificatesIn({ queue, store }: Pick<Config, 'queue' | 'store'>): ConfiguredCertificate[] {
  const files = { '[STORE] tls_ca': store.tlsCa, '[QUEUE] tls_ca': queue.tlsCa };
  return Object.entries(files).flatMap(([setting, file]) =>
    (file?.certificates ?? []).map((certificate) => ({ ...certificate, setting, path: file?.path ?? '' })),
  );
}
