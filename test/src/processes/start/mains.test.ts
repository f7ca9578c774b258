import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

for (const workspace of ['api', 'worker']) {
  describe(`The process of the ${workspace}`, () => {
    const main = fileURLToPath(import.meta.resolve(`@keybin/${workspace}/main.js`));

    /** Runs the program to its end in a directory with this `store.cfg`. Resolves with its `count` problems. */
    async function problems(count: number, file: string, env: Record<string, string> = {}): Promise<string[]> {
      const cwd = temporaryDirectory();
      writeFileSync(join(cwd, 'store.cfg'), file);
      const child = new Child(workspace, process.execPath, [main], { cwd, env });
      expect((await child.exited).code).to.equal(2);
      expect(existsSync(join(cwd, 'data')), 'data').to.equal(false);
      const printed = () => child.output.split('\n').filter((line) => line.startsWith('- '));
      await eventually(() => printed().length >= count, `${count} problems`);
      return printed();
    }

    it('does not start with wrong settings: it prints all of them and exits with 2', async () => {
      const file = '[APP]\nport = 99999\nprot = 1\n';
      const found = await problems(3, file, { KEYBIN_ACCOUNTS_BCRYPT_COST: '3' });
      expect(found).to.have.lengthOf(3);
      expect(found.join('\n')).to.match(/\[APP\] prot [^]*\[APP\] port [^]*KEYBIN_ACCOUNTS_BCRYPT_COST/);
    });

    it('reports a URL that only the driver refuses with all other problems, without the password', async () => {
      const file =
        '[APP]\nport = 99999\n[STORE]\nhost = mongodb://u:secret@h:99999/\n[QUEUE]\nredis = redis://:secret@h/x\n';
      const found = (await problems(3, file)).join('\n');
      expect(found).to.match(
        /\[APP\] port [^]*\[STORE\] host .*"mongodb:\/\/\*\*\*@h:99999\/".*driver[^]*\[QUEUE\] redis /,
      );
      expect(found).to.not.include('secret');
    });

    it('names the line that is missing in an original file, and exits with 2', async () => {
      const found = await problems(1, '[APP]\nport=5000\n[STORE]\n# Yours\nhost=mongodb://127.0.0.1:27017/\n');
      expect(found).to.have.lengthOf(1);
      expect(found[0]).to.include('[QUEUE] redis is missing').and.include('KEYBIN_QUEUE_REDIS');
    });
  });
}
