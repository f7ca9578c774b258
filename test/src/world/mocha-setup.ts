import { config } from 'chai';
import { killLeftovers } from './child.js';

config.truncateThreshold = 0; // a failure says all that was expected and seen

/** Loaded by mocha itself: a run that leaves a process behind has failed. */
export const mochaHooks = {
  afterAll() {
    const left = killLeftovers();
    if (left.length > 0) throw new Error(`Tests left processes behind: ${left.join(', ')}`);
  },
};
