/**
 * Rule that tells which entries have waited too long. A version is a time of Redis, so it tells the age of an entry.
 * After Redis's clock was set back, it does so only once the clock has caught up. The last version is therefore noted,
 * too. Entries that are not newer have waited at least since then, whatever the clock says.
 */
export class Overdue {
  #noted: { readonly version: number; readonly atMs: number } | undefined;

  constructor(private readonly afterSeconds: number) {}

  /**
   * Returns the last version that is overdue at `timeUs`, if `version` was the last one given out. With a clock that
   * was set back, an entry is found after twice the time at worst.
   */
  lastVersion(timeUs: number, version: number, nowMs = performance.now()): number {
    const noted = this.#noted;
    const isOver = noted && nowMs - noted.atMs >= this.afterSeconds * 1_000;
    if (!noted || isOver) this.#noted = { version, atMs: nowMs };
    return Math.max(timeUs - this.afterSeconds * 1_000_000, isOver ? noted.version : 0);
  }
}
