import { definitions, type Definition } from './definitions.js';

/** The list of metrics for OPERATIONS.md, as a table in Markdown. */
export function metricsTable(): string {
  const rows = Object.entries<Definition>(definitions).map(([name, { kind, labels = [], of, help }]) => [
    `\`${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(' '),
    of === 'queue' ? 'API and worker (scale-out)' : of,
    help,
  ]);
  const head = ['Metric', 'Kind', 'Labels', 'Of', 'Meaning'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
