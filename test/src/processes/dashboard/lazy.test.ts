import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { adminSettings } from '../../unit/dashboard/administrator.js';

const program = `
  import { createRequire } from 'node:module';
  import { loadConfig } from '${import.meta.resolve('@keybin/shared/config/load/load-config.js')}';
  import { createLog } from '${import.meta.resolve('@keybin/shared/process/log.js')}';
  import { startApi } from '${import.meta.resolve('@keybin/api/start-api.js')}';
  const config = loadConfig([], { KEYBIN_APP_PORT: '0', ...JSON.parse(process.argv[1]) });
  const api = await startApi(config, createLog({ debug: false }));
  const files = Object.keys(createRequire('/').cache);
  const loaded = files.filter((file) => /node_modules.(@bull-board|bullmq|ejs)/.test(file));
  await api.close();
  process.stdout.write('LOADED ' + loaded.length + '\\n');
  process.exit(0);`;

describe('The libraries of the dashboard', () => {
  for (const settings of [{}, adminSettings]) {
    it(`are not loaded by the embedded engine, ${'KEYBIN_ADMIN_USER' in settings ? 'even with' : 'without'} an administrator`, () => {
      const args = ['--input-type=module', '-e', program, JSON.stringify(settings)];
      const printed = execFileSync(process.execPath, args, { cwd: temporaryDirectory(), encoding: 'utf8' });
      expect(printed).to.match(/^LOADED 0$/m);
    });
  }
});
