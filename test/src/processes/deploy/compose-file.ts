import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Folder of docker-compose.yml. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));

export interface ComposeService {
  readonly build?: unknown;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly image: string;
  /** Such as 512m. */
  readonly mem_limit?: string;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
  readonly profiles?: readonly string[];
  readonly pull_policy?: string;
  readonly read_only?: boolean;
  readonly secrets?: readonly { readonly source: string }[];
  readonly security_opt?: readonly string[];
  /** Such as 60s. */
  readonly stop_grace_period?: string;
  readonly tmpfs?: readonly string[];
  readonly user?: string;
  readonly volumes?: readonly string[];
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** Returns docker-compose.yml as docker-compose itself reads it, all profiles included. Throws with its complaints. */
export function readComposeFile(): ComposeFile {
  const text = execFileSync('docker-compose', ['--profile', 'monitoring', 'config'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return parse(text) as ComposeFile; // docker-compose has checked it
}
