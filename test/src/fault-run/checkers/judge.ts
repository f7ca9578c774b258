import { judgeFiles } from './files.js';
import { ms, noFindings, type Findings, type History, type Life } from './history.js';
import { judgePosts } from './posts.js';
import { unexplained, type Operation } from './register.js';

/** Number of earlier writes shown with each finding, because a run cannot be repeated exactly. */
const shownBefore = 5;

/** Judges a whole history, life by life and key by key, and adds the violations that clients noticed. */
export function judge(history: History): Findings {
  const findings = noFindings();
  for (const kind of ['lost', 'stale', 'missed', 'resurrected'] as const) {
    findings[kind].push(...history.findings[kind]);
  }
  for (const life of history.lives) judgeLife(life, findings);
  return findings;
}

function judgeLife(life: Life, findings: Findings): void {
  const { username, password } = life;
  for (const { fromMs, what } of life.served) {
    if (fromMs > life.endedMs) {
      findings.resurrected.push(
        `${what} of ${username} (${password}) was served ${ms(fromMs - life.endedMs)} after its end`,
      );
    }
  }
  judgePosts(life, findings);
  judgeFiles(life, findings);
  for (const [key, operations] of life.operations) {
    const written = new Set(
      operations.flatMap(({ kind, ...rest }) => (kind === 'write' && 'content' in rest ? [rest.content] : [])),
    );
    const all = life.endingFromMs === Infinity ? operations : [...operations, ending(life)];
    const lost = new Set<string>();
    const seenWrong = [...unexplained(all)];
    if (seenWrong.length > 0) findings.entries.push({ life, key });
    for (const seen of seenWrong) {
      const what = seen.kind === 'write' ? `${describe(seen)}, though nothing was there` : describe(seen);
      const text = `${username} (${password}), ${key}: ${what}; before: ${listOf(before(seen, operations))}`;
      if (seen.kind === 'read' && seen.content !== undefined && !written.has(seen.content))
        findings.resurrected.push(text);
      else if (seen.kind !== 'write' && seen.final) lost.add(text);
      else if (seen.kind === 'listing') findings.missed.push(text);
      else findings.stale.push(text);
    }
    findings.lost.push(...lost);
  }
}

/** Returns the operation by which the end of an account clears a key. */
const ending = (life: Life): Operation => ({
  kind: 'write',
  content: undefined,
  fromMs: life.endingFromMs,
  toMs: life.endedMs,
});

/** Returns the last writes that were sent before an observation. */
function before(seen: Operation, operations: readonly Operation[]): Operation[] {
  return operations
    .filter((operation) => operation !== seen && operation.kind === 'write' && operation.fromMs <= seen.toMs)
    .toSorted((one, other) => one.fromMs - other.fromMs)
    .slice(-shownBefore);
}

const listOf = (operations: readonly Operation[]) => operations.map(describe).join(', ') || 'nothing was written';

function describe(operation: Operation): string {
  const { fromMs, toMs } = operation;
  const when = toMs === Infinity ? `from ${ms(fromMs)} on, without an answer` : `from ${ms(fromMs)} to ${ms(toMs)}`;
  if (operation.kind === 'listing') return `${operation.listed ? 'listed' : 'not listed'} ${when}`;
  if (operation.kind === 'read') return `read ${operation.content ?? 'nothing'} ${when}`;
  return `${operation.content === undefined ? 'deleted' : `put ${operation.content}`} ${when}`;
}
