import { parse } from 'yaml';

/** An alert of a Prometheus rules file. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** Time for which the expression must hold. Undefined if the alert fires at once. */
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook_url: string };
}

interface RulesFile {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
}

/** Returns the alerts of a rules file. */
export function alertsIn(rules: string): Alert[] {
  return (parse(rules) as RulesFile).groups.flatMap((group) => group.rules); // promtool checks the format
}

/** Returns the alerts as a list for docs/operations/alerts.md. */
export function alertsList(rules: string): string {
  return alertsIn(rules)
    .map(({ alert, expr, for: after, labels }) => {
      const when = after === undefined ? 'at once' : `after ${after}`;
      return `- [${alert}](#${alert.toLowerCase()}), ${labels.severity}, ${when}: \`${expr}\``;
    })
    .join('\n');
}
