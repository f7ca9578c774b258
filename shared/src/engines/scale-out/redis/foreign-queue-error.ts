/**
 * Error for a queue whose entries belong to another store. A worker would apply acknowledged writes to the wrong
 * database.
 */
export class ForeignQueueError extends Error {
  override readonly name = 'ForeignQueueError';
  static readonly sentence = 'The queue in Redis belongs to another store';
  static readonly remedy =
    'correct [QUEUE] redis, or the host, database or collections in [STORE]; or, if this store replaces the other one, ' +
    "shut down the processes of the other one and run 'keybin queue adopt'";

  constructor() {
    super(`${ForeignQueueError.sentence}: ${ForeignQueueError.remedy}`);
  }
}
