// `npm run test:faults`: runs the fault tests, and beside them the models at the lowest priority. The tests wait for a
// third of their time, and the models use it. Their output follows that of the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const models = fileURLToPath(new URL('model/run.mjs', import.meta.url));
const modelRun = spawn(process.execPath, [models], { stdio: ['ignore', 'pipe', 'inherit'] });
setPriority(modelRun.pid, constants.priority.PRIORITY_LOW); // its own runs inherit it
const told = [];
modelRun.stdout.on('data', (text) => told.push(text));
const modelled = once(modelRun, 'close');

const config = fileURLToPath(new URL('faults.mocharc.json', import.meta.url));
const tests = spawn('mocha', ['--config', config, ...process.argv.slice(2)], { stdio: 'inherit' });
const [tested] = await once(tests, 'close');
const [code] = await modelled;
process.stdout.write(Buffer.concat(told));
const { KEYBIN_TEST_FAILED_FILES: list } = process.env;
if (code !== 0 && list !== undefined) appendFileSync(list, `${models}\n`);
process.exit(tested === 0 && code === 0 ? 0 : 1);
