import { expect } from 'chai';
import { createLog } from '@keybin/shared/process/log.js';
import { openMonitoring } from '@keybin/worker/monitoring/monitoring.js';
import { WorkerMetrics } from '@keybin/worker/monitoring/worker-metrics.js';
import { send } from '../../world/clients/keybin-client.js';

describe('/metrics of a worker', () => {
  it('are 503 while a collector fails, with the reason in the log, and return once it works', async () => {
    let logged = '';
    const log = createLog({ debug: false }, { write: (line) => (logged += line) });
    const metrics = new WorkerMetrics(log);
    let isBroken = true;
    metrics.gauge('keybin_dependency_up', async () => {
      if (isBroken) throw new Error('collector has failed');
    });
    const monitored = {
      settings: { enabled: true, token: undefined },
      readMetrics: () => metrics.registry.metrics(),
      health: async () => undefined,
      isDraining: () => false,
      lastBatchAt: () => undefined,
      log,
    };
    const monitoring = await openMonitoring(monitored, '127.0.0.1', 0);
    try {
      const { status, text } = await send(monitoring.address, 'GET', '/metrics');
      expect([status, text]).to.deep.equal([503, 'Service unavailable, try again later']);
      expect(logged).to.include('collector has failed');
      isBroken = false;
      expect((await send(monitoring.address, 'GET', '/metrics')).text).to.include('keybin_build_info');
    } finally {
      await monitoring.close();
    }
  });
});
