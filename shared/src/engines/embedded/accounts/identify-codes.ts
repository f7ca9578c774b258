import { invalidIdentifyCode } from '../../../errors.js';
import type { IdentifyCodes, NewCode } from '../../../ports/engine.js';
import type { Databases } from '../lmdb/databases.js';
import { expiryOfRecord, printMs } from '../lmdb/records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

interface StoredCode {
  /** Expiry as `printMs` prints it. */
  readonly expiry: string;
  readonly triesLeft: number;
  readonly codeHash: string;
}

/** Keeps identify codes in LMDB, at most one for each name. */
export function embeddedIdentifyCodes(databases: Databases, writes: EmbeddedGroupCommit): IdentifyCodes {
  const { codes, codeExpiries } = databases;

  /** Returns the code of this name if it can still be used at `nowMs`. */
  function findLive(username: string, nowMs: number): StoredCode | undefined {
    const record = codes.get(username);
    const code = record === undefined ? undefined : parseCode(record);
    return code && Number(code.expiry) > nowMs && code.triesLeft > 0 ? code : undefined;
  }

  return {
    async put({ username, codeHash, lifetimeSeconds, tries }: NewCode) {
      await writes.apply(({ nowMs }) => {
        removeCode(databases, username);
        const expiry = printMs(nowMs + lifetimeSeconds * 1_000);
        void codes.put(username, printCode({ expiry, triesLeft: tries, codeHash }));
        void codeExpiries.put(`${expiry}/${username}`, '');
      });
    },

    async check(username, codeHash) {
      const matches = await writes.apply(({ nowMs }) => {
        const live = findLive(username, nowMs);
        if (!live || live.codeHash === codeHash) return live !== undefined;
        void codes.put(username, printCode({ ...live, triesLeft: live.triesLeft - 1 }));
        return false;
      });
      if (!matches) throw invalidIdentifyCode();
    },

    async redeem(username, codeHash) {
      await writes.apply(({ nowMs }) => {
        if (findLive(username, nowMs)?.codeHash !== codeHash) return invalidIdentifyCode();
        removeCode(databases, username);
        return undefined;
      });
    },
  };
}

/** Removes every trace of the code of this name. Runs inside a transaction. */
export function removeCode({ codes, codeExpiries }: Databases, username: string): void {
  const record = codes.get(username);
  if (record === undefined) return;
  void codeExpiries.remove(`${expiryOfRecord(record)}/${username}`);
  void codes.remove(username);
}

const hashWidth = 64;

const printCode = ({ expiry, codeHash, triesLeft }: StoredCode): string => expiry + codeHash + String(triesLeft);

function parseCode(record: string): StoredCode {
  const expiry = expiryOfRecord(record);
  const triesStart = expiry.length + hashWidth;
  return {
    expiry,
    codeHash: record.slice(expiry.length, triesStart),
    triesLeft: Number(record.slice(triesStart)),
  };
}
