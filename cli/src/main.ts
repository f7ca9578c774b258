import { run } from './run.js';

// A reader that has seen enough, such as `head`, is no failure
process.stdout.on('error', () => process.exit(0));

process.exit(await run(process.argv.slice(2), process.env));
