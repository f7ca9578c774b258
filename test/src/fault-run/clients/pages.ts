import type { Outcome } from './requests.js';

/** What all pages of a list show, item after item, and when they were asked for and answered, in `performance.now()`'s time. */
export interface Listed<Item> {
  readonly fromMs: number;
  readonly toMs: number;
  readonly items: readonly Item[];
}

/** Asks for one page after the other of a list below `/v1`, and tells what they show if each was answered. */
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
