import { readFileSync } from 'node:fs';
import { loadConfigOrExit } from '@keybin/shared/config/load-config.js';
import { parseProcfile } from './procfile.js';
import { release, releaseName } from './release.js';
import { run } from './run.js';

/** How much longer than its own deadline a process may take to end before it is killed. */
const graceMs = 2_000;

// read here only for its deadline, but a wrong one is also told once, and not by each process
const { limits } = loadConfigOrExit(process.argv.slice(2), process.env);
const killAfterMs = (limits.drainDelaySeconds + limits.drainTimeoutSeconds) * 1_000 + graceMs;
const types = parseProcfile(readFileSync('Procfile', 'utf8'));

process.exitCode = 1;
if (await release(types, killAfterMs)) {
  const { signalled, well } = await run(
    types.filter(({ name }) => name !== releaseName),
    killAfterMs,
  );
  if (signalled && well) process.exitCode = 0;
}
