/**
 * Tells which entries have waited too long. Versions are times of Redis, so Redis's time tells the age of an entry; but where it
 * was set back it does so only when it has caught up. Hence the last version is noted, too: what is no newer than that has
 * waited at least since then, whatever the time.
 */
export class Overdue {
  #noted: { readonly version: number; readonly atMs: number } | undefined;

  constructor(private readonly afterSeconds: number) {}

  /** The last version that is overdue at `timeUs`, if `version` was the last that was given out: twice as late at worst. */
  lastVersion(timeUs: number, version: number, nowMs = performance.now()): number {
    const noted = this.#noted;
    const isOver = noted && nowMs - noted.atMs >= this.afterSeconds * 1_000;
    if (!noted || isOver) this.#noted = { version, atMs: nowMs };
    return Math.max(timeUs - this.afterSeconds * 1_000_000, isOver ? noted.version : 0);
  }
}
