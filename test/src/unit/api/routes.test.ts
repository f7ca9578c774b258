import { readFileSync } from 'node:fs';
import type { Router } from '@koa/router';
import { expect } from 'chai';
import type Koa from 'koa';
import { AnswerMemory } from '@keybin/api/answers/answer-memory.js';
import { createApp } from '@keybin/api/app.js';
import { ApiMetrics } from '@keybin/api/metrics/api-metrics.js';
import { codeKey } from '@keybin/api/identify-codes/code.js';
import { openDelivery } from '@keybin/api/identify-codes/open-delivery.js';
import { routes } from '@keybin/api/routes/definitions.js';
import { errorsList, interfaces, routesTable } from '@keybin/api/documents/routes-table.js';
import { SignedTokens } from '@keybin/api/accounts/signed-tokens.js';
import { Transfers } from '@keybin/api/requests/transfers.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { createLog } from '@keybin/shared/process/log.js';
import { expectBlock } from '../../world/block-in-document.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Calls `look` with the application of a process on an embedded store. */
async function withApp(look: (app: Koa) => void): Promise<void> {
  const config = loadConfig(['--config', '/dev/null'], { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
  const log = createLog({ debug: false });
  const engine = await openEngine(config, log);
  const delivery = await openDelivery(config.v1, log);
  try {
    look(
      createApp({
        config,
        engine,
        log,
        signedTokens: new SignedTokens('a secret of this test', 1),
        codes: { key: await codeKey(engine.secrets), delivery, lifetimeSeconds: 1, reachOthers: false },
        metrics: new ApiMetrics(),
        readMetrics: async () => '',
        answers: new AnswerMemory(1),
        transfers: new Transfers({ atOnce: 1, idleMs: 1 }),
        isDraining: () => false,
      }),
    );
  } finally {
    await delivery.close();
    await engine.close();
  }
}

/** Returns the routes of an application's routers, such as `GET /livez`. */
function takenBy({ middleware }: Koa): string[] {
  const routers = middleware.flatMap((each) => ('router' in each ? [each.router as Router] : [])); // `routes()` sets it
  const layers = routers.flatMap(({ stack }) => stack);
  return layers.flatMap(({ methods, path }) =>
    methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
  );
}

describe('The list of routes', () => {
  it('has every route of the API, and no other', async () => {
    await withApp((app) => {
      expect(takenBy(app)).to.have.members(routes.map(({ method, path }) => `${method} ${path}`));
    });
  });

  for (const of of interfaces) {
    it(`is in docs/interfaces/${of}.md, with the errors (npm run settings writes it anew)`, () => {
      const page = readFileSync(new URL(`../../../../docs/interfaces/${of}.md`, import.meta.url), 'utf8');
      expectBlock(page, 'routes', routesTable(of));
      if (of !== 'service') expectBlock(page, 'errors', errorsList(of));
    });
  }
});
