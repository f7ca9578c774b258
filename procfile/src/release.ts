import type { ProcessType } from './procfile.js';
import { run, type EndTimes } from './run.js';

/** What is run to its end before the others start, as Heroku's release phase is. */
export const releaseName = 'release';

/** Runs the release step, if there is one. Answers whether the others may start. */
export async function release(types: readonly ProcessType[], times: EndTimes): Promise<boolean> {
  const step = types.filter(({ name }) => name === releaseName);
  if (step.length === 0) return true;
  const { signalled, well } = await run(step, times);
  return well && !signalled;
}
