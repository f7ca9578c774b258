import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryDirectory } from '../processes/temporary-directory.js';

/** Paths of PEM files: the certificate of an authority, and one of a server of this machine that it has signed. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const days = 30;

export interface CertificatesOptions {
  /** It may have older ones. Default: a new directory. */
  readonly directory?: string;
  /** Names and addresses of the server, as `subjectAltName` has them. Default: those of this machine. */
  readonly names?: string;
}

/** Makes an authority and a certificate by `openssl`. They last 30 days. */
export function makeCertificates({
  directory = temporaryDirectory(),
  names = 'IP:127.0.0.1,DNS:localhost',
}: CertificatesOptions = {}): Certificates {
  const path = (name: string) => join(directory, name);
  const files = { ca: path('ca.pem'), cert: path('server.pem'), key: path('server.key') };
  create('Authority of a test', files.ca, path('ca.key'));
  const signed = ['-CA', files.ca, '-CAkey', path('ca.key')];
  create('server', files.cert, files.key, ...signed, '-addext', `subjectAltName=${names}`);
  return files;
}

function create(name: string, cert: string, key: string, ...more: readonly string[]): void {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const made = ['-subj', `/CN=${name}`, '-days', String(days), '-out', cert, '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...ec, ...made, ...more], { stdio: 'pipe' });
}
