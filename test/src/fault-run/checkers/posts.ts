import type { Findings, Interval, Life } from './history.js';

/** A post that was sent. No other one has its content. */
export interface SentPost extends Interval {
  readonly content: string;
  /** Id of a post that was acknowledged. */
  readonly id?: string;
}

/** All pages of one list of posts: ids with contents, in the order of the list. */
export interface ShownPosts extends Interval {
  readonly posts: readonly (readonly [id: string, content: string])[];
  /** True if the list was read after everything had come to rest. */
  readonly final?: boolean;
}

/** Posts sent and seen in one life of an account. */
export class PostHistory {
  readonly sent: SentPost[] = [];
  readonly lists: ShownPosts[] = [];

  /** Posts that were acknowledged. */
  get answered(): readonly (SentPost & { readonly id: string })[] {
    return this.sent.flatMap((post) => (post.id === undefined ? [] : [{ ...post, id: post.id }]));
  }
}

/**
 * Judges the lists of posts. A post that was acknowledged, or shown by a list, is in every later list until its account
 * ends. No list shows a post that was never sent in this life. Lists are in descending order of ids. A post that was
 * sent after the acknowledgement of another one has the larger id.
 */
export function judgePosts({ username, password, endingFromMs, posts }: Life, findings: Findings): void {
  const of = `of ${username} (${password})`;
  findings.missed.push(...outOfOrder(posts).map((what) => `${what} ${of}`));
  const certain = certainFrom(posts);
  const sent = new Map(posts.sent.map(({ content, id }) => [content, id]));
  for (const { fromMs, toMs, posts: shown, final } of posts.lists) {
    const when = `in a list ${of} from ${Math.round(fromMs)} to ${Math.round(toMs)} ms`;
    for (const [index, [id, content]] of shown.entries()) {
      if (!sent.has(content) || (sent.get(content) ?? id) !== id) {
        findings.resurrected.push(`post ${id} with ${content} was never sent, but is ${when}`);
      }
      if (index > 0 && id >= (shown[index - 1]?.[0] ?? '')) findings.missed.push(`post ${id} is not in order ${when}`);
    }
    if (toMs > endingFromMs) continue;
    const contents = new Set(shown.map(([, content]) => content));
    for (const [content, fromThenMs] of certain) {
      if (fromThenMs > fromMs || contents.has(content)) continue;
      findings[final ? 'lost' : 'missed'].push(`post ${content} is not ${when}`);
    }
  }
}

/** Returns the time from which each post is certain to exist. */
function certainFrom({ answered, lists }: PostHistory): Map<string, number> {
  const certain = new Map(answered.map(({ content, toMs }) => [content, toMs]));
  for (const { toMs, posts } of lists) {
    for (const [, content] of posts) certain.set(content, Math.min(toMs, certain.get(content) ?? Infinity));
  }
  return certain;
}

function outOfOrder({ answered }: PostHistory): string[] {
  const byAnswer = answered.toSorted((one, other) => one.toMs - other.toMs);
  const found: string[] = [];
  let next = 0;
  let newest = '';
  for (const { id, content, fromMs } of answered.toSorted((one, other) => one.fromMs - other.fromMs)) {
    for (let earlier = byAnswer[next]; earlier && earlier.toMs < fromMs; earlier = byAnswer[++next]) {
      if (earlier.id > newest) newest = earlier.id;
    }
    if (id <= newest) found.push(`post ${id} with ${content} was sent after the answer to ${newest}`);
  }
  return found;
}
