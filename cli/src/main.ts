import { run } from './run.js';

process.stdout.on('error', () => {}); // `run` hears of it from each write
process.stderr.on('error', () => {}); // nobody is there to be told, and the work goes on

const interrupted = new AbortController();
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(`ended by ${signal}`));
    process.kill(process.pid, signal); // without this listener it does what it always does
  });
}

const code = await run(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
});
process.exit(code);
