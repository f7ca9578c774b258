import type { ScaleOutProcesses, ScaleOutWorld } from '../../world/services/scale-out-world.js';
import type { Subject } from './subject.js';

/** Returns the two APIs of a world. `settle` replaces waiting for the workers. */
export const scaleOutSubject = (world: ScaleOutProcesses | ScaleOutWorld, settle = () => world.drained()): Subject => ({
  get here() {
    return world.here;
  },
  get there() {
    return world.there;
  },
  startAnother: (env) => world.startApi(env),
  besides: () => world.there,
  settle,
  workers: { pause: () => world.pauseWorkers(), resume: () => world.resumeWorkers() },
});
