import type { ScaleOutWorld } from '../world/scale-out-world.js';
import type { Subject } from './subject.js';

/** The two APIs of a world. `settle` is another way than to wait for the workers. */
export const scaleOutSubject = (world: ScaleOutWorld, settle = () => world.drained()): Subject => ({
  get here() {
    return world.here;
  },
  get there() {
    return world.there;
  },
  tokenLifetimeSeconds: 300,
  startAnother: (env) => world.startApi(env),
  settle,
  workers: { pause: () => world.pauseWorkers(), resume: () => world.resumeWorkers() },
});
