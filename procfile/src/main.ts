import { readFileSync } from 'node:fs';
import { loadConfigOrExit } from '@keybin/shared/config/load-config.js';
import { parseProcfile } from './procfile.js';
import { run } from './run.js';

/** How much longer than its own deadline a process may take to end before it is killed. */
const graceMs = 2_000;

// read here only for its deadline, but a wrong one is also told once, and not by each process
const { limits } = loadConfigOrExit(process.argv.slice(2), process.env);
const types = parseProcfile(readFileSync('Procfile', 'utf8'));
const { signalled, well } = await run(types, (limits.drainDelaySeconds + limits.drainTimeoutSeconds) * 1_000 + graceMs);
process.exitCode = signalled && well ? 0 : 1;
