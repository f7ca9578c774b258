import { existsSync, readFileSync, statSync } from 'node:fs';
import { isLoopback, registrationRisks } from '@keybin/shared/accounts/registration-risks.js';
import { certificatesIn } from '@keybin/shared/config/certificates.js';
import type { Config } from '@keybin/shared/config/config.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';

const leastCost = 10;
const highCost = 15;
const leastNode = [20, 19] as const;

/** Day from which a version of Node gets no security fixes: https://github.com/nodejs/release#release-schedule */
const endsOfLife: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
};

/** Passwords and secrets that examples use. */
const wellKnown =
  /^(admin|administrator|changeme|change-me|default|example|keybin|letmein|pass|password|qwerty|root|secret|test|12345.*)$/i;
const leastSecretCharacters = 12;
const leastKindsOfCharacters = 5;
/** Days before the expiry of a certificate from which an operator is told. The alert has the same. */
const expiringDays = 14;

/** Checks the settings and the files that they come from. */
export function diagnoseSettings(
  config: Config,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Diagnosis[] {
  return [
    nodeVersion(process.versions.node, Date.now()),
    bcryptCost(config),
    weakSecrets(config),
    ...permissions(config, file, environment),
    ...registration(config),
    trustProxy(config),
    ...servers(config),
    ...certificates(config, Date.now()),
  ];
}

/** Judges a version of Node at a time. */
export function nodeVersion(version: string, nowMs: number): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  const says = `Node ${version}`;
  const end = endsOfLife[major];
  if (isNew && end !== undefined && Date.parse(end) < nowMs) {
    const remedy = 'use one that is maintained: https://nodejs.org/en/about/previous-releases';
    return { check: 'node', state: 'warning', says: `${says} has had no security fixes since ${end}`, remedy };
  }
  if (isNew) return { check: 'node', state: 'ok', says };
  return { check: 'node', state: 'problem', says, remedy: `use Node ${leastNode.join('.')} or newer` };
}

function bcryptCost({ accounts: { bcryptCost: cost } }: Config): Diagnosis {
  const check = 'bcrypt cost';
  const says = `[ACCOUNTS] bcrypt_cost = ${cost}`;
  if (cost < leastCost)
    return {
      check,
      state: 'problem',
      says: `${says}: stolen hashes can be cracked quickly`,
      remedy: 'set it to 12',
    };
  if (cost > highCost)
    return { check, state: 'warning', says: `${says}: each login takes seconds`, remedy: 'set it to 12' };
  return { check, state: 'ok', says };
}

/** Finds out if strangers can get identify codes, and with them any free name, or need none. */
function registration(config: Config): Diagnosis[] {
  const check = 'registration';
  const risks = registrationRisks(config);
  if (risks.length > 0) return risks.map((risk) => ({ check, state: 'warning', ...risk }));
  const says = `[ACCOUNTS] registration = ${config.accounts.registration}, [V1] code_delivery = ${config.v1.codeDelivery}`;
  return [{ check, state: 'ok', says }];
}

/** Finds out whether clients could choose the address by which rate limits count. */
function trustProxy({ app }: Config): Diagnosis {
  const check = 'trust_proxy';
  const says = `[APP] trust_proxy = ${app.trustProxy}`;
  if (app.trustProxy === 0 || isLoopback(app.host)) return { check, state: 'ok', says };
  return {
    check,
    state: 'warning',
    says: `${says}, and the API listens on ${app.host}: clients that bypass the proxy can choose their address`,
    remedy: 'let only the proxy reach the port, by a firewall or [APP] host',
  };
}

/** Finds servers on other machines that need no password. */
function servers({ queue, store }: Config): Diagnosis[] {
  const urls = { '[STORE] host': store.host, '[QUEUE] redis': queue.redis ?? '' };
  return Object.entries(urls).flatMap(([name, url]): Diagnosis[] => {
    const [, credentials = '', hosts] = /^(?:mongodb|rediss?)[a-z+]*:\/\/(?:([^@/]*)@)?([^/?]+)/.exec(url) ?? [];
    if (hosts === undefined) return [];
    const check = 'passwords';
    if (credentials !== '' || hosts.split(',').every((host) => isLoopback(host.replace(/:\d+$/, ''))))
      return [{ check, state: 'ok', says: `${name} has a password, or is on this machine` }];
    const says = `${name} has no password: anyone who reaches that server can read all data`;
    return [{ check, state: 'warning', says, remedy: 'give it a password, or keep it in a network of its own' }];
  });
}

/** Finds certificates that have expired, or will within two weeks. */
export function certificates(config: Pick<Config, 'queue' | 'store'>, nowMs: number): Diagnosis[] {
  const check = 'certificates';
  const all = certificatesIn(config);
  const [first] = all.toSorted((one, other) => one.expiresAt.getTime() - other.expiresAt.getTime());
  if (!first) return [];
  const found = all.flatMap(({ setting, path, subject, expiresAt }): Diagnosis[] => {
    const left = (expiresAt.getTime() - nowMs) / 86_400_000;
    if (left > expiringDays) return [];
    const says = `"${subject}" in ${path} (${setting}) ${left > 0 ? 'expires' : 'expired'} on ${dayOf(expiresAt)}`;
    const remedy = 'put the next certificate of the authority into the file, and restart the processes';
    return [{ check, state: left > 0 ? 'warning' : 'problem', says, remedy }];
  });
  if (found.length > 0) return found;
  return [
    {
      check,
      state: 'ok',
      says: `the first certificate to expire is that of "${first.subject}", on ${dayOf(first.expiresAt)}`,
    },
  ];
}

const dayOf = (time: Date) => time.toISOString().slice(0, 10);

/** Returns each secret in the settings with its name. */
function secretsIn({ accounts, admin, metrics, queue, store, v1 }: Config): [name: string, secret: string][] {
  const all = {
    '[ACCOUNTS] signing_secret': accounts.signingSecret,
    '[ADMIN] password': admin.password,
    '[METRICS] token': metrics.token,
    '[V1] webhook_secret': v1.webhookSecret,
    'the password in [STORE] host': passwordIn(store.host),
    'the password in [QUEUE] redis': passwordIn(queue.redis),
  };
  return Object.entries(all).flatMap(([name, secret]) => (secret ? [[name, secret] as [string, string]] : []));
}

const passwordIn = (url = '') => /^[a-z+]+:\/\/[^/@]*:([^/@]+)@/.exec(url)?.[1];

function weakSecrets(config: Config): Diagnosis {
  const weak = secretsIn(config).filter(([, secret]) => isWeak(secret));
  if (weak.length === 0) return { check: 'secrets', state: 'ok', says: 'no secret is short or well known' };
  const says = `short or well known: ${weak.map(([name]) => name).join(', ')}`;
  return { check: 'secrets', state: 'problem', says, remedy: "use the output of 'openssl rand -base64 32'" };
}

const isWeak = (secret: string) =>
  wellKnown.test(secret) || secret.length < leastSecretCharacters || new Set(secret).size < leastKindsOfCharacters;

/** Checks that the files with secrets are not open to all users. */
function permissions(
  config: Config,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Diagnosis[] {
  const files = Object.entries(environment).flatMap(([name, path]) =>
    /^KEYBIN_.+_FILE$/.test(name) && path ? [path] : [],
  );
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8').replaceAll('%%', '%'); // the parser of the settings does the same
    if (secretsIn(config).some(([, secret]) => text.includes(secret))) files.push(file);
  }
  return files.map((path) => {
    const mode = statSync(path).mode & 0o777;
    const says = `${path} contains a secret and has mode ${mode.toString(8).padStart(3, '0')}`;
    if ((mode & 0o007) === 0) return { check: 'permissions', state: 'ok', says };
    return {
      check: 'permissions',
      state: 'problem',
      says: `${says}: all users can access it`,
      remedy: `chmod o-rwx ${path}`,
    };
  });
}
