import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SettingKind } from './setting-kinds.js';
import { messageOf } from '../errors.js';

export interface Certificate {
  /** Distinguished name in one line, such as `CN=Example CA, O=Example`. */
  readonly subject: string;
  /** Serial number, hexadecimal. It tells certificates of one subject apart. */
  readonly serial: string;
  readonly expiresAt: Date;
}

/** PEM file with certificates of authorities, as it was when the settings were read. */
export interface CertificateFile {
  readonly path: string;
  readonly pem: string;
  /** All certificates in it, one at least. */
  readonly certificates: readonly Certificate[];
}

/** Path of a PEM file, or nothing. The file is read at once, so that it is checked with the other settings. */
export const certificateFileKind: SettingKind<CertificateFile | undefined> = {
  accepted: 'the path of a PEM file with certificates of authorities, or nothing',
  parse(text) {
    if (text === '') return { value: undefined };
    try {
      return { value: readCertificates(text) };
    } catch (error) {
      return { accepted: `${this.accepted}; ${messageOf(error)}` };
    }
  },
};

/** Throws an `Error` that says what is wrong with the file. */
function readCertificates(path: string): CertificateFile {
  const pem = readPem(path);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('the file has no certificate');
  return { path, pem, certificates: blocks.map(parseCertificate) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new Error(`the file cannot be read (${String(code)})`, { cause: error });
  }
}

function parseCertificate(block: string, index: number): Certificate {
  try {
    const { subject, serialNumber, validTo } = new X509Certificate(block);
    return { subject: subject.replaceAll('\n', ', '), serial: serialNumber, expiresAt: new Date(validTo) };
  } catch (error) {
    throw new Error(`certificate ${index + 1} of the file is malformed`, { cause: error });
  }
}
