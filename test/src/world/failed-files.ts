import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

const { EVENT_TEST_FAIL, EVENT_SUITE_BEGIN } = Mocha.Runner.constants;

/**
 * Mocha's `spec` reporter, which also lists the test files that failed. It writes them to the file that
 * KEYBIN_TEST_FAILED_FILES names, one a line. `.ci/run` runs them once more. Mocha takes the default export of a
 * reporter's module.
 */
export default class FailedFiles extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const list = process.env['KEYBIN_TEST_FAILED_FILES'];
    if (!list) return;
    const failed = new Set<string>();
    // A hook of the whole run, such as the check for leftovers, has no file. It runs after the last suite of the file
    // it belongs to.
    let latest: string | undefined;
    runner.on(EVENT_SUITE_BEGIN, ({ file }) => (latest = file ?? latest));
    runner.on(EVENT_TEST_FAIL, ({ file = latest }) => {
      if (file === undefined || failed.has(file)) return;
      failed.add(file);
      appendFileSync(list, `${file}\n`);
    });
  }
}
