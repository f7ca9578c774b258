// `npm run test:model`: runs every model unchanged, which must find nothing, and once without each rule, which must
// find a violation. This shows that no rule is idle and that the models see violations. Two runs go side by side, and
// a model with scenarios has a run for each of them.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const atOnce = 2;
/** Limit of one run. The largest scenario takes a minute, or several on a slow machine. */
const runTimeoutMs = 30 * 60_000;

const directory = new URL('./', import.meta.url);
const models = readdirSync(directory).filter((name) => name.endsWith('-protocol.mjs') || name.endsWith('-faults.mjs'));

/** Returns the flags of a model: the names passed to `off('...')`, except those that only reduce the scenario. */
function flagsOf(model) {
  const source = readFileSync(new URL(model, directory), 'utf8');
  return [...source.matchAll(/off\('(\w+)'\)/g)].map(([, flag]) => flag).filter((flag) => flag !== 'nounregister');
}

/** Returns the flags of the runs that visit a whole model. */
function wholeRunsOf(model) {
  const source = readFileSync(new URL(model, directory), 'utf8');
  const scenarios = [...source.matchAll(/^ {2}(\w+): +\{ (?:issuers|ops): /gm)].map(([, name]) => [`scenario=${name}`]);
  return scenarios.length > 0 ? scenarios : [[]];
}

/** Scenario that shows the purpose of each rule. The scenarios before it take time and find nothing. */
const scenarioOf = { nouser: 'unregister', noclose: 'unregister', redisfirst: 'unregister', byname: 'unregister', forget: 'logout', ttl: 'expiry', split: 'write', offonce: 'disable', offopen: 'disable', offgen: 'disable',
  noepoch: 'clock', ownepoch: 'clock', anyepoch: 'clock', nosweep: 'jobs', noslot: 'asking', nosame: 'asked', importup: 'imports', importnew: 'imports', oldread: 'older' };
const withoutRule = (model, flag) => ({ model, flags: flag in scenarioOf ? [flag, `scenario=${scenarioOf[flag]}`] : [flag], violates: true });

// Whole models first, because they take longest
const runs = [
  ...models.flatMap((model) => wholeRunsOf(model).map((flags) => ({ model, flags, violates: false }))),
  ...models.flatMap((model) => flagsOf(model).map((flag) => withoutRule(model, flag))),
];

function run({ model, flags }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(model, directory)), ...flags], { timeout: runTimeoutMs });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

const failures = [];
const pending = [...runs];

async function runner() {
  for (let next = pending.shift(); next; next = pending.shift()) {
    const name = [next.model, ...next.flags].join(' ');
    const { code, signal, output } = await run(next);
    const last = output.trimEnd().split('\n').find((line) => line.includes('VIOLATION')) ?? output.trimEnd().split('\n').at(-1);
    const asExpected = next.violates ? code === 1 && output.includes('VIOLATION') : code === 0 && /^[1-9]\d* states ok$/m.test(output);
    if (!asExpected) failures.push(name);
    console.log(`${asExpected ? 'pass' : 'FAIL'}  ${name}: ${signal ?? last}`);
    if (!asExpected) console.log(output);
  }
}

await Promise.all(Array.from({ length: atOnce }, runner));
console.log(`\n${runs.length - failures.length} runs passed, ${failures.length} failed${failures.map((name) => `\n  ${name}`).join('')}`);
process.exitCode = failures.length > 0 || runs.length === 0 ? 1 : 0;
