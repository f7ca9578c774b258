import { definitions, type Definition } from '../metrics/definitions.js';

const origins: Readonly<Record<Definition['reportedBy'], string>> = {
  API: 'API',
  worker: 'worker',
  'API and worker': 'API and worker',
  queue: 'API and worker, scale-out engine only',
};

/** Returns a list of all metrics for docs/operations/metrics.md. */
export function metricsSections(): string {
  return Object.entries<Definition>(definitions)
    .map(([name, { kind, labels = [], reportedBy, help }]) => {
      const labelled = labels.length === 0 ? '' : ` Labels: ${labels.map((label) => `\`${label}\``).join(', ')}.`;
      return `- \`${name}\` (${kind}; ${origins[reportedBy]}): ${help}.${labelled}`;
    })
    .join('\n');
}
