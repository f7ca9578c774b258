import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Directory of npm's global settings in the image. It is empty there. */
export const npmSettingsDirectory = '/usr/local/etc';

const npmConfig = (...names: readonly string[]) =>
  execFileSync('npm', ['config', 'get', ...names], { encoding: 'utf8' }).trim();

/** Returns the registry that this machine's npm asks. */
export const npmRegistry = () => npmConfig('registry');

/**
 * Writes into a directory how this machine's npm reaches its registry. A build that mounts it at `npmSettingsDirectory`
 * reaches the registry in the same way, and the image keeps nothing of it.
 */
export function writeNpmSettings(directory: string): void {
  const lines = [npmConfig('registry', 'proxy', 'https-proxy', 'noproxy')];
  const authorities = npmConfig('cafile');
  if (authorities !== 'null') {
    copyFileSync(authorities, join(directory, 'authorities.pem'));
    lines.push(`cafile=${npmSettingsDirectory}/authorities.pem`);
  }
  writeFileSync(join(directory, 'npmrc'), `${lines.join('\n')}\n`);
}
