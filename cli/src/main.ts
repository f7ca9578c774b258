import { run } from './run.js';

process.stdout.on('error', () => {}); // `run` gets the error from each write
process.stderr.on('error', () => {}); // the work goes on although nobody reads errors

const interrupted = new AbortController();
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(`ended by ${signal}`));
    process.kill(process.pid, signal); // the listener is gone, so the signal ends the process
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
