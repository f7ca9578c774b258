import type { RateLimit } from '../errors.js';

/** Value of a text, or a description of the texts that are accepted instead. */
export type Parsed<T> = { readonly value: T } | { readonly accepted: string };

/** Kind of setting: it describes the accepted texts and reads one. */
export interface SettingKind<T> {
  readonly accepted: string;
  /** True if no message may show the text. */
  readonly secret?: boolean;
  parse(text: string): Parsed<T>;
}

function kind<T>(accepted: string, read: (text: string) => T | undefined): SettingKind<T> {
  return {
    accepted,
    parse(text) {
      const value = read(text);
      return value === undefined ? { accepted } : { value };
    },
  };
}

/** Returns the kind for whole numbers from `least` to `most`. `unit` is for the reader only. */
export function wholeNumber(least: number, most: number, unit = ''): SettingKind<number> {
  return kind(`a whole number${unit && ` of ${unit}`} from ${least} to ${most}`, (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

const isOff = (text: string) => /^off$/i.test(text);

/** Returns the kind for a whole number, or `off`. */
export function numberOrOff(least: number, most: number, unit = ''): SettingKind<number | undefined> {
  const number = wholeNumber(least, most, unit);
  const accepted = `${number.accepted}, or off`;
  return {
    accepted,
    parse(text) {
      if (isOff(text)) return { value: undefined };
      const parsed = number.parse(text);
      return 'value' in parsed ? parsed : { accepted };
    },
  };
}

const bytesPerUnit: Readonly<Record<string, number>> = { '': 1, kib: 1_024, mib: 1_024 ** 2, gib: 1_024 ** 3 };

/** Returns the kind for sizes in plain bytes, or with the unit KiB, MiB or GiB. */
export function size(leastBytes: number, mostBytes: number): SettingKind<number> {
  const accepted = `a size from ${sizeText(leastBytes)} to ${sizeText(mostBytes)}, in bytes or with a unit (KiB, MiB, GiB), such as 64MiB`;
  return kind(accepted, (text) => {
    const [, digits, unit = ''] = /^(\d{1,16}) ?([KMG]iB)?$/i.exec(text) ?? [];
    const value = Number(digits) * (bytesPerUnit[unit.toLowerCase()] ?? Number.NaN);
    return value >= leastBytes && value <= mostBytes ? value : undefined;
  });
}

function sizeText(bytes: number): string {
  if (bytes >= 1_024 ** 3 && bytes % 1_024 ** 3 === 0) return `${bytes / 1_024 ** 3}GiB`;
  if (bytes >= 1_024 && bytes % 1_024 === 0) return `${bytes / 1_024}KiB`;
  return `${bytes}`;
}

const maxRate = 1_000_000;

/** Limit in a window of time: COUNT/SECONDS, or `off`. */
export const rateLimit: SettingKind<RateLimit | undefined> = {
  accepted: 'COUNT/SECONDS, such as 100/900, up to 1000000/1000000, or off',
  parse(text) {
    if (isOff(text)) return { value: undefined };
    const [, count, windowSeconds] = /^([1-9]\d{0,6}) ?\/ ?([1-9]\d{0,6})$/.exec(text) ?? [];
    const value = { count: Number(count), windowSeconds: Number(windowSeconds) };
    return value.count <= maxRate && value.windowSeconds <= maxRate ? { value } : { accepted: this.accepted };
  },
};

/** Boolean in the words that Python's `getboolean` accepts. */
export const yesOrNo: SettingKind<boolean> = kind('true or false (also yes or no, on or off, 1 or 0)', (text) => {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  return undefined;
});

export function oneOf<const T extends string>(...words: readonly T[]): SettingKind<T> {
  return kind(words.join(' or '), (text) => words.find((word) => word === text.toLowerCase()));
}

/** Returns the kind for one or more of these words, separated by commas. */
export function someOf<const T extends string>(...words: readonly T[]): SettingKind<readonly T[]> {
  return kind(`one or more of ${words.join(', ')}, separated by commas`, (text) => {
    const given = text.split(',').map((word) => word.trim().toLowerCase());
    return given.every((word) => words.some((known) => known === word))
      ? words.filter((word) => given.includes(word))
      : undefined;
  });
}

/** Address or name to listen on. */
export const listenHost: SettingKind<string> = kind(
  'a host name or an IP address, such as 127.0.0.1 or 0.0.0.0',
  (text) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
);

/** Name of a database or a collection. The narrower of MongoDB's own rules applies to both. */
export const mongoName: SettingKind<string> = kind('1 to 63 letters, digits, _ or -', (text) =>
  /^[\w-]{1,63}$/.test(text) ? text : undefined,
);

/** Origins as browsers write them (RFC 6454, section 6.2), or all. */
export const origins: SettingKind<readonly string[]> = kind(
  'origins separated by commas, such as https://app.example.com, https://*.example.com or capacitor://localhost, or * for all, or nothing',
  (text) => {
    const given = text.split(',').map((origin) => origin.trim());
    if (text === '' || text === '*') return text === '' ? [] : given;
    return given.every(isOrigin) ? given : undefined;
  },
);

/**
 * Accepts an origin as browsers send it. `https://*.example.com` is every host below that one. Apps and extensions have
 * schemes of their own, such as `capacitor://localhost` or `chrome-extension://ID`.
 */
function isOrigin(text: string): boolean {
  const plain = text.replace(/^(https?:\/\/)\*\.(?=[^.]+\.)/, '$1any.');
  if (/^https?:/.test(plain)) return !plain.includes('*') && URL.canParse(plain) && new URL(plain).origin === plain;
  return /^[a-z][a-z0-9+.-]*:\/\/[\w.-]+(:\d+)?$/.test(text) && !text.startsWith('file:');
}

/** Least length of a secret, that of the hash of HS256: RFC 7518, section 3.2. */
const leastSecretBytes = 32;

/** Key long enough not to be guessed, or nothing. */
export const signingSecret: SettingKind<string | undefined> = {
  accepted: `at least ${leastSecretBytes} bytes, such as the output of "openssl rand -base64 32", or nothing`,
  secret: true,
  parse(text) {
    if (text === '') return { value: undefined };
    return Buffer.byteLength(text) < leastSecretBytes ? { accepted: this.accepted } : { value: text };
  },
};

/** Port to listen on, or nothing. */
export const portOrNone: SettingKind<number | undefined> = {
  accepted: `${wholeNumber(0, 65_535).accepted}, or nothing`,
  parse(text) {
    if (text === '') return { value: undefined };
    const port = wholeNumber(0, 65_535).parse(text);
    return 'value' in port ? port : { accepted: this.accepted };
  },
};

/** Text that may follow `Bearer` (RFC 6750, section 2.1) and is long enough not to be guessed, or nothing. */
export const bearerToken: SettingKind<string | undefined> = {
  accepted: 'at least 16 letters, digits, - . _ ~ + or /, such as the output of "openssl rand -hex 32", or nothing',
  secret: true,
  parse(text) {
    if (text === '') return { value: undefined };
    return /^[\w.~+/-]{16,}=*$/.test(text) ? { value: text } : { accepted: this.accepted };
  },
};

/** Bounds that "Standard Webhooks" sets for a key, in bytes. */
const leastWebhookKeyBytes = 24;
const mostWebhookKeyBytes = 64;

/** Key of a webhook's signatures. */
export const webhookSecret: SettingKind<string | undefined> = {
  accepted: `${leastWebhookKeyBytes} to ${mostWebhookKeyBytes} bytes in base64, such as the output of "openssl rand -base64 32", with or without the prefix whsec_, or nothing`,
  secret: true,
  parse(text) {
    if (text === '') return { value: undefined };
    const base64 = text.replace(/^whsec_/, '');
    const { length } = Buffer.from(base64, 'base64');
    const isKey =
      /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && length >= leastWebhookKeyBytes && length <= mostWebhookKeyBytes;
    return isKey ? { value: text } : { accepted: this.accepted };
  },
};

/** User name for Basic authentication, where a colon ends it (RFC 7617, section 2), or nothing. */
export const adminUser: SettingKind<string | undefined> = {
  accepted: '1 to 64 printable ASCII characters without :, or nothing',
  parse(text) {
    if (text === '') return { value: undefined };
    return /^[ -9;-~]{1,64}$/.test(text) ? { value: text } : { accepted: this.accepted };
  },
};

/** Password long enough not to be guessed, or nothing. */
export const adminPassword: SettingKind<string | undefined> = {
  accepted: '12 to 256 characters, or nothing',
  secret: true,
  parse(text) {
    if (text === '') return { value: undefined };
    return text.length >= 12 && text.length <= 256 ? { value: text } : { accepted: this.accepted };
  },
};
