import { run } from './run.js';

// A reader that has seen enough, such as `head`, is no failure; a full disk is one
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`keybin: the answer could not be written: ${error.message}\n`);
  process.exit(1);
});
process.stderr.on('error', () => {}); // nobody is there to be told, and the work goes on

const code = await run(process.argv.slice(2), process.env);
await new Promise<void>((told) => process.stdout.write('', () => told()));
process.exit(code);
