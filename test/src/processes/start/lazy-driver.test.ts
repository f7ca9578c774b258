import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const program = `
  import { createRequire } from 'node:module';
  import { loadConfig } from '${import.meta.resolve('@keybin/shared/config/load/load-config.js')}';
  loadConfig([], JSON.parse(process.argv[1]));
  const files = Object.keys(createRequire('/').cache);
  process.stdout.write(String(files.some((file) => file.includes('/node_modules/mongodb/'))));`;

/** Returns true if a separate process that reads these settings loads MongoDB's driver. */
function loadsDriver(environment: Readonly<Record<string, string>>): boolean {
  const args = ['--input-type=module', '-e', program, JSON.stringify(environment)];
  return execFileSync(process.execPath, args, { cwd: temporaryDirectory(), encoding: 'utf8' }) === 'true';
}

describe('The configuration', () => {
  it('loads the driver of MongoDB for a MongoDB alone', () => {
    expect(loadsDriver({ KEYBIN_STORE_HOST: 'lmdb://./data' })).to.equal(false);
    expect(loadsDriver({ KEYBIN_STORE_HOST: 'mongodb://h/', KEYBIN_QUEUE_REDIS: 'redis://h' })).to.equal(true);
  });
});
