import type { ProcessType } from './procfile.js';
import { run, type EndTimes } from './run.js';

/** Name of the process that runs to its end before the others start, like Heroku's release phase. */
export const releaseName = 'release';

/** Runs the release step, if there is one. Returns true if the others may start. */
export async function release(types: readonly ProcessType[], times: EndTimes): Promise<boolean> {
  const step = types.filter(({ name }) => name === releaseName);
  if (step.length === 0) return true;
  const { signalled, well } = await run(step, times);
  return well && !signalled;
}
