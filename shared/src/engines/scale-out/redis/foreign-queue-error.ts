/**
 * Error for a queue whose entries belong to another store. A worker would apply acknowledged writes to the wrong
 * database.
 */
export class ForeignQueueError extends Error {
  override readonly name = 'ForeignQueueError';
  static readonly sentence = 'Redis has the queue of another store';
  static readonly remedy =
    '[QUEUE] redis, or [STORE] host, database or a collection, has changed; or this store takes the place of one that is ' +
    "gone: shut down the processes of that one, then run 'keybin queue adopt'";

  constructor() {
    super(`${ForeignQueueError.sentence}: ${ForeignQueueError.remedy}`);
  }
}
