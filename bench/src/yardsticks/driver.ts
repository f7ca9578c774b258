import type { Collection } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { value } from '../load/accounts.js';
import type { LoadResult } from '../load/http-load.js';
import { median } from '../rounds.js';
import { connections } from '../load/wrk.js';

/** A document as Keybin stores it. */
export interface StoredDocument {
  _id: string;
  value: string;
  version: number;
}

const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Calls `findOne` of the bare driver for `seconds`. As many calls are in flight as wrk has connections. */
export async function driverFindOnes(store: Collection, keys: number, seconds: number): Promise<LoadResult> {
  const sample = await store
    .find({ version: { $exists: true } }, { projection: { _id: 1 } })
    .limit(keys)
    .toArray();
  const ids = sample.map(({ _id }) => ({ _id }));
  const latenciesMs: number[] = [];
  const cpuBefore = cpuUs();
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const lane = async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      const found = await store.findOne(ids[Math.floor(Math.random() * ids.length)] ?? {});
      if (found === null) throw new Error('A stored value is missing');
      latenciesMs.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const requests = latenciesMs.length;
  const seen = latenciesMs.sort((a, b) => a - b);
  return {
    perSecond: requests / ((performance.now() - begin) / 1_000),
    cpuUsPerRequest: (cpuUs() - cpuBefore) / requests,
    p50Ms: median(seen),
    p99Ms: seen[Math.floor(requests * 0.99)] ?? 0,
  };
}

/**
 * Writes new documents with the bare driver, in guarded bulk writes of 500 one after the other. Resolves with documents
 * per second.
 */
export async function driverBulkWrites(store: Collection<StoredDocument>, count: number): Promise<number> {
  const bulkSize = 500;
  const user = randomUUID();
  const begin = performance.now();
  for (let from = 1; from <= count; from += bulkSize) {
    const updates = Array.from({ length: Math.min(bulkSize, count - from + 1) }, (_, offset) => {
      const version = Date.now() * 1_000 + offset;
      const filter = { _id: `${user}/key${from + offset}`, version: { $lt: version } };
      return { updateOne: { filter, update: { $set: { value: JSON.stringify(value), version } }, upsert: true } };
    });
    await store.bulkWrite(updates, { ordered: false, writeConcern: { w: 'majority' } });
  }
  return count / ((performance.now() - begin) / 1_000);
}
