import { run } from './run.js';

process.umask(0o077); // its files are for its own user only

process.stdout.on('error', () => {}); // `run` gets the error from each write
process.stderr.on('error', () => {}); // the work goes on although nobody reads errors

const code = await run(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cleanUpAtSignal,
});
process.exit(code);

/** See `Context`. A signal that is caught has to wait for synchronous work, so none is caught without need. */
function cleanUpAtSignal(cleanUp: () => void): () => void {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  const release = () => signals.forEach((signal) => process.off(signal, end));
  const end = (signal: NodeJS.Signals) => {
    release();
    cleanUp();
    process.kill(process.pid, signal); // nobody catches it now, so it ends the process
  };
  for (const signal of signals) process.on(signal, end);
  return release;
}
