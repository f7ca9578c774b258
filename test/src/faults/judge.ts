import { noFindings, type Findings, type History, type Life } from './history.js';
import { unexplained, type Operation } from './register.js';

/** Goes through a whole history, life by life and key by key, and adds what the clients saw themselves. */
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
  for (const [key, operations] of life.operations) {
    const written = new Set(
      operations.flatMap(({ kind, ...rest }) => (kind === 'write' && 'content' in rest ? [rest.content] : [])),
    );
    const all = life.endingFromMs === Infinity ? operations : [...operations, ending(life)];
    const lost = new Set<string>();
    for (const seen of unexplained(all)) {
      const text = `${username} (${password}), ${key}: ${describe(seen)}`;
      if (seen.kind === 'read' && seen.content !== undefined && !written.has(seen.content))
        findings.resurrected.push(text);
      else if (seen.kind !== 'write' && seen.final) lost.add(text);
      else if (seen.kind === 'listing') findings.missed.push(text);
      else findings.stale.push(text);
    }
    findings.lost.push(...lost);
  }
}

/** The end of an account clears each of its keys. */
const ending = (life: Life): Operation => ({
  kind: 'write',
  content: undefined,
  fromMs: life.endingFromMs,
  toMs: life.endedMs,
});

function describe(seen: Operation): string {
  const when = `from ${ms(seen.fromMs)} to ${ms(seen.toMs)}`;
  if (seen.kind === 'listing') return `${seen.listed ? 'listed' : 'not listed'} ${when}`;
  if (seen.kind === 'write') return `deleted, though nothing was there, ${when}`;
  return `read ${seen.content ?? 'nothing'} ${when}`;
}

const ms = (value: number) => `${Math.round(value)} ms`;
