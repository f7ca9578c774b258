// Runs every model as it is (it must find nothing) and once with each rule taken away (it must find a violation): so neither a
// rule is idle nor the model blind. Two at a time; `npm run test:model`.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const atOnce = 2;
/** The longest, the whole token model, takes two minutes on a machine with nothing else to do. */
const runTimeoutMs = 15 * 60_000;

const directory = new URL('./', import.meta.url);
const models = readdirSync(directory).filter((name) => name.endsWith('-protocol.mjs') || name.endsWith('-faults.mjs'));

/** The flags of a model: what it asks `off('...')` for, but for those that only make the scenario smaller. */
function flagsOf(model) {
  const source = readFileSync(new URL(model, directory), 'utf8');
  return [...source.matchAll(/off\('(\w+)'\)/g)].map(([, flag]) => flag).filter((flag) => flag !== 'nounregister');
}

/** The scenario that shows what these rules are for: the ones before it take their time and find nothing. */
const scenarioOf = { nouser: 'unregister', noclose: 'unregister', redisfirst: 'unregister', byname: 'unregister', forget: 'logout', ttl: 'expiry', split: 'write', offonce: 'disable', offopen: 'disable', offgen: 'disable' };
const withoutRule = (model, flag) => ({ model, flags: flag in scenarioOf ? [flag, `scenario=${scenarioOf[flag]}`] : [flag] });

// Whole models first: they take longest.
const runs = [...models.map((model) => ({ model, flags: [] })), ...models.flatMap((model) => flagsOf(model).map((flag) => withoutRule(model, flag)))];

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
    const asExpected = next.flags.length === 0 ? code === 0 && / ok$/.test(output.trimEnd()) : code === 1 && output.includes('VIOLATION');
    if (!asExpected) failures.push(name);
    console.log(`${asExpected ? 'pass' : 'FAIL'}  ${name}: ${signal ?? last}`);
    if (!asExpected) console.log(output);
  }
}

await Promise.all(Array.from({ length: atOnce }, runner));
console.log(`\n${runs.length - failures.length} models passed, ${failures.length} failed${failures.map((name) => `\n  ${name}`).join('')}`);
process.exitCode = failures.length > 0 || runs.length === 0 ? 1 : 0;
