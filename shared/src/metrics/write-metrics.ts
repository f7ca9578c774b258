import type { WriteObserver } from '../ports/write-observer.js';
import type { Metrics } from './metrics.js';

/** Creates the metrics of an engine's writes. Returns the observer that counts them. */
export function collectWriteMetrics(metrics: Metrics): Pick<WriteObserver, 'accepted' | 'applied'> {
  const acceptedTotal = metrics.counter('keybin_writes_accepted_total');
  const coalescedTotal = metrics.counter('keybin_writes_coalesced_total');
  const appliedTotal = metrics.counter('keybin_writes_applied_total');
  const batches = metrics.histogram('keybin_batch_entries');
  const [acceptBatches, applyBatches] = [batches.labels('accept'), batches.labels('apply')];
  return {
    accepted(writes, coalesced) {
      acceptedTotal.inc(writes);
      coalescedTotal.inc(coalesced);
      acceptBatches.observe(writes);
    },
    applied(writes) {
      appliedTotal.inc(writes);
      applyBatches.observe(writes);
    },
  };
}
