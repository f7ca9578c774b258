import type { ScaleOutProcesses, ScaleOutWorld } from '../../world/services/scale-out-world.js';
import type { Subject } from './subject.js';

/** The two APIs of a world. `settle` is another way than to wait for the workers. */
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
