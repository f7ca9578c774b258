import type { Collection } from 'mongodb';
import { agreedSetting } from './agreed-setting.js';
import type { SettingDocument } from '../mongodb/documents.js';
import { bytesKey, waitingKey } from '../redis/keys.js';
import type { PartitionedConnections } from '../redis/partitioned-redis.js';

const settingId = 'partitions';

/**
 * Makes every process use the same number of partitions. The first process stores the number in MongoDB.
 *
 * With another number a process would look for pending entries in the wrong partitions. It is refused with an `Error`
 * until nothing is pending in the old partitions. Then its number replaces the old one. Processes with the old number
 * must be shut down by then.
 *
 * `connect` makes connections for the given number of partitions. Throws `unavailable`, too.
 */
export async function agreeOnPartitions(
  settings: Collection<SettingDocument>,
  partitions: number,
  connect: (partitions: number) => PartitionedConnections,
  openMs: number,
): Promise<void> {
  const stored = await agreedSetting(settings, settingId, partitions);
  if (stored === partitions) return;
  const redis = connect(Math.max(stored, partitions));
  try {
    await redis.ready(openMs);
    const pending = await pendingPartitions(redis, stored);
    if (pending.length > 0) {
      throw new Error(
        `[QUEUE] partitions is ${partitions}, but writes are pending in ${pending.length} of ${stored} partitions: ` +
          `run the workers with partitions = ${stored} until all writes are applied, then start with ${partitions}`,
      );
    }
    // An account is in another partition now, whose epoch must be later than that of its documents. And revocations do
    // not reach its token records in the old partition, which would count again if the old number came back
    await redis.beginEpochs();
  } finally {
    redis.close();
  }
  await settings.updateOne({ _id: settingId, value: stored }, { $set: { value: partitions } });
  const agreed = await agreedSetting(settings, settingId, partitions);
  if (agreed !== partitions)
    throw new Error(`[QUEUE] partitions is ${partitions}, but another process has just set it to ${agreed}`);
}

/** Throws an `Error` if the processes have agreed on another number of partitions. */
export async function expectPartitions(settings: Collection<SettingDocument>, partitions: number): Promise<void> {
  const stored = await settings.findOne({ _id: settingId });
  if (stored === null || Number(stored.value) === partitions) return;
  throw new Error(`[QUEUE] partitions is ${partitions}, but the services run with ${stored.value}`);
}

/** Stores the number of partitions for all processes, whatever it was. */
export async function storePartitions(settings: Collection<SettingDocument>, partitions: number): Promise<void> {
  await settings.updateOne({ _id: settingId }, { $set: { value: partitions } }, { upsert: true });
}

/** Returns those of the first `count` partitions that hold entries: waiting to be applied, or rejected. */
async function pendingPartitions(redis: PartitionedConnections, count: number): Promise<number[]> {
  const found = [];
  for (let partition = 0; partition < count; partition++) {
    const prefix = redis.prefixOf(partition);
    const { client } = redis.connectionOf(partition);
    const [waiting, bytes] = await Promise.all([client.zcard(waitingKey(prefix)), client.get(bytesKey(prefix))]);
    if (waiting > 0 || Number(bytes ?? 0) > 0) found.push(partition);
  }
  return found;
}
