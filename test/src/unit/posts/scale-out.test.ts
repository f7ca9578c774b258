import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { openScaleOutEngine } from '@keybin/shared/engines/scale-out/engine.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { applyAll } from '../../world/scale-out/apply-all.js';
import { silent } from '../../world/scale-out/staged.js';
import { services } from '../../world/services/services.js';
import { postsSuite } from './engine-suite.js';
import { pagingSuite } from './paging.js';

const partitions = 3;

describe('posts of the scale-out engine', () => {
  const given = services();
  const engines: Engine[] = [];
  const engine = (at: number): Engine => {
    const found = engines[at];
    if (!found) throw new Error('no engine was opened');
    return found;
  };

  before(async () => {
    const config = loadConfig([], { ...given.env, KEYBIN_QUEUE_PARTITIONS: String(partitions) });
    for (let count = 0; count < 2; count++) engines.push(await openScaleOutEngine(config, silent));
  });
  after(async () => {
    for (const opened of engines) await opened.close();
  });

  const subject = {
    get here() {
      return engine(0);
    },
    get there() {
      return engine(1);
    },
    settle: () => applyAll(given, partitions),
  };
  postsSuite(subject);
  pagingSuite(subject);
});
