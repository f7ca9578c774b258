import type { Document } from 'mongodb';
import { remainingMs, withDeadline } from '../../../deadline.js';
import { entryId, keyIn, type EntryName } from '../../../ids/entry-name.js';
import { TurnBatch } from '../../../batching/turn-batch.js';
import type { Database } from '../mongodb/database.js';
import { stampOf, type StoreDocument } from '../mongodb/documents.js';
import { postKey } from '../redis/keys.js';
import { isBefore, type PendingEntry } from '../redis/pending-entry.js';
import { orUnavailable } from '../../../errors.js';

const maxEntriesInOneFind = 200;
const keysInOnePage = 5_000;

/** Reads entries from MongoDB. Each find has a time limit, and throws `unavailable` without an answer by then. */
export class StoredEntries {
  readonly #values: TurnBatch<string, string | undefined>;
  readonly #documents: TurnBatch<string, StoreDocument | undefined>;

  constructor(private readonly database: Pick<Database, 'store' | 'times'>) {
    this.#values = new TurnBatch(async (ids) => {
      const found = await this.#findAll(ids, { value: 1 });
      return ids.map((id) => found.get(id)?.value);
    });
    this.#documents = new TurnBatch(async (ids) => {
      const found = await this.#findAll(ids, { value: 1, version: 1, epoch: 1 });
      return ids.map((id) => found.get(id));
    });
  }

  /**
   * Resolves with the value as JSON text, or with `undefined`. All entries asked for in one event-loop turn share a
   * find, which is sent when the turn ends. `deadlineMs`, in `performance.now()`'s time, is for this entry alone. An
   * entry with little time left takes none from the others.
   */
  find(userId: string, key: string, deadlineMs: number): Promise<string | undefined> {
    const found = this.#values.ask(entryId(userId, key));
    return withDeadline(found, remainingMs(deadlineMs), 'reading from MongoDB');
  }

  /**
   * Resolves with the value of a pending entry, or with that of MongoDB if that is at least as new. Resolves with
   * `undefined` if the newer one is a delete. Shares a find as `find` does.
   */
  async findNewer({ userId, key }: EntryName, pending: PendingEntry, deadlineMs: number): Promise<string | undefined> {
    const found = this.#documents.ask(entryId(userId, key));
    const document = await withDeadline(found, remainingMs(deadlineMs), 'reading from MongoDB');
    return document && !isBefore(stampOf(document), pending) ? document.value : pending.json;
  }

  /**
   * Lists the keys of an account in code-unit order, page by page, without their values. The first page is needed by
   * `deadlineMs`. Each further page has its own time limit, because a long list may take long.
   */
  async *keys(userId: string, deadlineMs: number): AsyncGenerator<string[], void, undefined> {
    const prefix = entryId(userId, '');
    const before = entryId(userId, postKey(''));
    let timeoutMs = remainingMs(deadlineMs);
    for (let after = prefix; ; timeoutMs = this.database.times.answerMs) {
      const cursor = this.database.store
        .find({ _id: { $gt: after, $lt: before }, deleted_at: { $exists: false } }, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(keysInOnePage)
        .batchSize(keysInOnePage + 1); // one answer, and no cursor is left open
      const found = await orUnavailable(withDeadline(cursor.toArray(), timeoutMs, 'listing keys in MongoDB'));
      const ids = found.map(({ _id }) => _id);
      if (ids.length > 0) yield ids.map(keyIn);
      const last = ids.at(-1);
      if (last === undefined || ids.length < keysInOnePage) return;
      after = last;
    }
  }

  async #findAll(asked: readonly string[], projection: Document): Promise<ReadonlyMap<string, StoreDocument>> {
    const ids = [...new Set(asked)];
    const finds = [];
    for (let at = 0; at < ids.length; at += maxEntriesInOneFind) {
      finds.push(this.#findSome(ids.slice(at, at + maxEntriesInOneFind), projection));
    }
    const found = await orUnavailable(Promise.all(finds));
    const byId = new Map<string, StoreDocument>();
    for (const document of found.flat()) {
      const { _id: id } = document;
      byId.set(id, document);
    }
    return byId;
  }

  #findSome(ids: string[], projection: Document): Promise<StoreDocument[]> {
    return this.database.store.find({ _id: { $in: ids } }, { projection, batchSize: ids.length + 1 }).toArray();
  }
}
