import type { Outcome } from './requests.js';

/** Items of all pages of a list, and when the pages were requested and answered, in the time of `performance.now()`. */
export interface Listed<Item> {
  readonly fromMs: number;
  readonly toMs: number;
  readonly items: readonly Item[];
}

/** Reads a list below `/v1` page by page, and returns its items if every request succeeded. */
export async function listPages<Item>(
  ask: (after: string) => Promise<Outcome>,
  read: (text: string) => { readonly items: readonly Item[]; readonly next: string | null },
): Promise<{ readonly outcome: Outcome; readonly listed?: Listed<Item> }> {
  const fromMs = performance.now();
  const items: Item[] = [];
  for (let after = ''; ;) {
    const outcome = await ask(after);
    if (outcome.kind !== 'ok') return { outcome };
    const page = read(outcome.text);
    items.push(...page.items);
    if (page.next === null) return { outcome, listed: { fromMs, toMs: outcome.toMs, items } };
    after = page.next;
  }
}
