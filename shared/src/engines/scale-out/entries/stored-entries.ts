import { remainingMs, withDeadline } from '../../../deadline.js';
import { entryId, keyIn, type EntryName } from '../../../ids/entry-name.js';
import { TurnBatch } from '../../../batching/turn-batch.js';
import type { Database } from '../mongodb/database.js';
import { stampOf, type StoreDocument } from '../mongodb/documents.js';
import { postKey } from '../redis/keys.js';
import { isBefore, type PendingEntry } from '../redis/pending-entry.js';
import { orUnavailable } from '../../../errors.js';
import { keysPerPage } from '../../../ports/key-list.js';
import type { PendingHead } from './pending-reads.js';

const maxEntriesInOneFind = 200;

/** Reads entries from MongoDB. Each find has a time limit, and throws `unavailable` without an answer by then. */
export class StoredEntries {
  readonly #turn: TurnBatch<string, string | undefined>;

  constructor(private readonly database: Pick<Database, 'store' | 'times'>) {
    this.#turn = new TurnBatch((ids) => this.#findAll(ids));
  }

  /**
   * Resolves with the value as JSON text, or with `undefined`. All entries asked for in one event-loop turn share a
   * find, which is sent when the turn ends. `deadlineMs`, in `performance.now()`'s time, is for this entry alone. An
   * entry with little time left takes none from the others.
   */
  find(userId: string, key: string, deadlineMs: number): Promise<string | undefined> {
    const found = this.#turn.ask(entryId(userId, key));
    return withDeadline(found, remainingMs(deadlineMs), 'reading from MongoDB');
  }

  /**
   * Resolves with the value of a pending entry, or with that of MongoDB if that is at least as new. Resolves with
   * `undefined` if the newer one is a delete.
   */
  async findNewer({ userId, key }: EntryName, pending: PendingEntry, deadlineMs: number): Promise<string | undefined> {
    const projection = { value: 1, version: 1, epoch: 1 };
    const found = this.database.store.findOne({ _id: entryId(userId, key) }, { projection });
    const document = await orUnavailable(withDeadline(found, remainingMs(deadlineMs), 'reading from MongoDB'));
    return document && !isBefore(stampOf(document), pending) ? document.value : pending.json;
  }

  /** Resolves with those of an account's pending entries that MongoDB does not have yet, nor newer ones. */
  async notYetStored(userId: string, pending: readonly PendingHead[], deadlineMs: number): Promise<PendingHead[]> {
    const notYet: PendingHead[] = [];
    for (let at = 0; at < pending.length; at += maxEntriesInOneFind) {
      const some = pending.slice(at, at + maxEntriesInOneFind);
      const ids = some.map(({ key }) => entryId(userId, key));
      const projection = { version: 1, epoch: 1 };
      const found = this.database.store
        .find({ _id: { $in: ids } }, { projection, batchSize: ids.length + 1 })
        .toArray();
      const documents = await orUnavailable(withDeadline(found, remainingMs(deadlineMs), 'reading from MongoDB'));
      const stamps = new Map(documents.map(({ _id, ...document }) => [_id, stampOf(document)]));
      for (const head of some) {
        const stored = stamps.get(entryId(userId, head.key));
        if (!stored || isBefore(stored, head)) notYet.push(head);
      }
    }
    return notYet;
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
        .limit(keysPerPage)
        .batchSize(keysPerPage + 1); // one answer, and no cursor is left open
      const found = await orUnavailable(withDeadline(cursor.toArray(), timeoutMs, 'listing keys in MongoDB'));
      const ids = found.map(({ _id }) => _id);
      if (ids.length > 0) yield ids.map(keyIn);
      const last = ids.at(-1);
      if (last === undefined || ids.length < keysPerPage) return;
      after = last;
    }
  }

  async #findAll(asked: readonly string[]): Promise<readonly (string | undefined)[]> {
    const ids = [...new Set(asked)];
    const finds = [];
    for (let at = 0; at < ids.length; at += maxEntriesInOneFind) {
      finds.push(this.#findSome(ids.slice(at, at + maxEntriesInOneFind)));
    }
    const found = await orUnavailable(Promise.all(finds));
    const values = new Map(found.flat().map(({ _id, value }) => [_id, value]));
    return asked.map((id) => values.get(id));
  }

  #findSome(ids: string[]): Promise<StoreDocument[]> {
    return this.database.store
      .find({ _id: { $in: ids } }, { projection: { value: 1 }, batchSize: ids.length + 1 })
      .toArray();
  }
}
