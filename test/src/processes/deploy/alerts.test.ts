import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { definitions, type Definition } from '@keybin/shared/metrics/definitions.js';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import { promtool } from '../../world/processes/promtool.js';
import { programs } from '../../world/services/services.js';
import { alertsIn } from '../../unit/documents/alert-documents.js';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const path = (name: string) => fileURLToPath(new URL(`deploy/prometheus/${name}`, root));

const alerts = alertsIn(read('deploy/prometheus/keybin-alerts.yml'));
const dashboard = read('deploy/grafana/dashboards/keybin.json');

/** Metrics of a target that Prometheus makes itself, with their labels. */
const ofPrometheus: Readonly<Record<string, readonly string[]>> = { up: [] };
const ofAllSeries = ['job', 'instance', 'le'];

/** Returns the names of all samples with their labels: Keybin's own, and those that come with prom-client. */
async function exposed(): Promise<Map<string, readonly string[]>> {
  const samples = new Map<string, readonly string[]>(Object.entries(ofPrometheus));
  for (const [name, { kind, labels = [] }] of Object.entries<Definition>(definitions)) {
    const names = kind === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name];
    for (const each of names) samples.set(each, labels);
  }
  for (const [, name = ''] of (await new Metrics().registry.metrics()).matchAll(/^([a-z]\w+?)(?:\{| )/gm)) {
    if (!name.startsWith('keybin_')) samples.set(name, []);
  }
  return samples;
}

/** Returns the names of samples in a PromQL expression. */
const namesIn = (expression: string) => expression.match(/\b(?:keybin|nodejs|process|up)(?:_\w+)?(?=[{[)\s]|$)/g) ?? [];

/** Returns the labels that an expression selects or groups by. */
const labelsIn = (expression: string) => [
  ...[...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) => inner.match(/\w+(?=\s*(?:=|!))/g) ?? []),
  ...[...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(/,\s*/)),
];

async function expectExposed(expression: string): Promise<void> {
  const samples = await exposed();
  const names = namesIn(expression);
  expect(names, expression).not.to.deep.equal([]);
  for (const name of names) expect([...samples.keys()], expression).to.include(name);
  const labels = [...ofAllSeries, ...names.flatMap((name) => samples.get(name) ?? [])];
  for (const label of labelsIn(expression)) expect(labels, expression).to.include(label);
}

describe('the files for Prometheus in deploy', () => {
  describe('and the rules', () => {
    programs('promtool');

    it('are a valid configuration, with rules that pass their tests', () => {
      expect(promtool(['check', 'config', path('prometheus.yml')])).to.equal('');
      expect(promtool(['check', 'rules', path('keybin-alerts.yml')])).to.equal('');
      expect(promtool(['test', 'rules', path('keybin-alerts.test.yml')])).to.equal('');
    });
  });

  it('test each alert, and that none fires in a healthy service', () => {
    const tests = read('deploy/prometheus/keybin-alerts.test.yml');
    for (const { alert: name } of alerts) {
      expect(tests).to.include(`  - name: ${name}\n`);
      expect(tests).to.include(`alertname: ${name}, exp_alerts: []`);
    }
    expect(alerts).to.have.length.above(10);
  });

  it('use only metrics and labels that exist', async () => {
    for (const { expr } of alerts) await expectExposed(expr);
  });

  it('have a section in docs/operations/alerts.md for each alert, and for no other', () => {
    const sections = [...read('docs/operations/alerts.md').matchAll(/^### (Keybin\w+)$/gm)].map(([, name]) => name);
    expect(sections).to.deep.equal(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts) {
      const page = `/operations/alerts.md#${alert.toLowerCase()}`;
      expect(annotations.runbook_url).to.equal(`{{ $externalLabels.docs }}${page}`);
    }
  });
});

describe('the dashboard for Grafana', () => {
  it('uses only metrics and labels that exist', async () => {
    // Grafana's format
    const { panels } = JSON.parse(dashboard) as { panels: { title: string; targets?: { expr: string }[] }[] };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions).to.have.length.above(20);
    for (const expression of expressions) await expectExposed(expression);
  });

  it('shows every metric of Keybin', () => {
    for (const name of Object.keys(definitions)) expect(dashboard).to.include(name);
  });

  it('is the only dashboard', () => {
    const names = readdirSync(new URL('deploy/grafana/dashboards', root)).filter((name) => name.endsWith('.json'));
    expect(names).to.deep.equal(['keybin.json']);
  });
});
