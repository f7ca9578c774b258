import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Config } from '@keybin/shared/config/config.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';

const leastCost = 10;
const highCost = 15;
const leastNode = [20, 19] as const;

/** Passwords and secrets that examples use. */
const wellKnown =
  /^(admin|administrator|changeme|change-me|default|example|keybin|letmein|pass|password|qwerty|root|secret|test|12345.*)$/i;
const leastSecretCharacters = 12;
const leastKindsOfCharacters = 5;

/** Checks the settings and the files that they come from. */
export function diagnoseSettings(
  config: Config,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Diagnosis[] {
  return [node(), bcryptCost(config), weakSecrets(config), ...permissions(config, file, environment)];
}

function node(): Diagnosis {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  const says = `Node ${process.versions.node}`;
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
