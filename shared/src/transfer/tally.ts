import type { AccountConflict, Imported } from '../ports/operations.js';

/** Counts of imported records. */
export class Tally implements Imported {
  accounts = 0;
  entries = 0;
  posts = 0;
  files = 0;
  present = 0;
  skipped = 0;
  renumbered = 0;
  readonly conflicts: AccountConflict[] = [];

  add(other: Imported): void {
    this.accounts += other.accounts;
    this.entries += other.entries;
    this.posts += other.posts;
    this.files += other.files;
    this.present += other.present;
    this.skipped += other.skipped;
    this.renumbered += other.renumbered;
    this.conflicts.push(...other.conflicts);
  }
}

export const nameTaken = 'the name belongs to another account here';
export const erasedHere = 'the account was erased here';
