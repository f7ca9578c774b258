import { readFileSync } from 'node:fs';
import { loadConfigOrExit } from '@keybin/shared/config/load/load-config.js';
import { parseProcfile } from './procfile.js';
import { release, releaseName } from './release.js';
import { run } from './run.js';

process.umask(0o077); // its files are for its own user only

// Read here only for its deadline. A wrong configuration is then also reported once, not by each process
const { limits, times } = loadConfigOrExit(process.argv.slice(2), process.env);
const killAfterMs = (limits.drainDelaySeconds + limits.drainTimeoutSeconds) * 1_000 + times.killGraceMs;
const endTimes = { killAfterMs, echoedSignalMs: times.echoedSignalMs };
const types = parseProcfile(readFileSync('Procfile', 'utf8'));

process.exitCode = 1;
if (await release(types, endTimes)) {
  const { signalled, well } = await run(
    types.filter(({ name }) => name !== releaseName),
    endTimes,
  );
  if (signalled && well) process.exitCode = 0;
}
