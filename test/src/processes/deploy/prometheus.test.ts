import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { WebhookReceiver } from '../../world/clients/webhook-receiver.js';
import { eventually } from '../../world/eventually.js';
import { Child } from '../../world/processes/child.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { onSomePort } from '../../world/processes/some-port.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { programs } from '../../world/services/services.js';
import { root } from './compose-file.js';

const read = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8');

interface PrometheusFile {
  readonly global: object;
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

/** Writes deploy's files for Prometheus into a directory, with short times and with targets from files. */
function writePrometheus(directory: string, alertmanager: string): void {
  const { global, scrape_configs: jobs, ...rest } = parse(read('prometheus/prometheus.yml')) as PrometheusFile;
  const file = {
    ...rest,
    global: { ...global, scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: jobs.map(({ job_name: name }) => ({
      job_name: name,
      file_sd_configs: [{ files: [join(directory, `${name}.json`)], refresh_interval: '500ms' }],
    })),
  };
  writeFileSync(join(directory, 'prometheus.yml'), stringify(file));
  writeFileSync(
    join(directory, 'keybin-alerts.yml'),
    read('prometheus/keybin-alerts.yml').replaceAll(/for: \w+/g, 'for: 2s'),
  );
}

describe('Prometheus and Alertmanager with the files in deploy', function () {
  this.timeout(120_000);
  programs('prometheus', 'prometheus-alertmanager');

  it('send an alert when every API has gone from the targets, with a link to its section', () =>
    onSomePort(async (port) => {
      const directory = temporaryDirectory();
      const setTargets = (targets: readonly string[]) => {
        writeFileSync(join(directory, 'targets'), JSON.stringify([{ targets }]));
        renameSync(join(directory, 'targets'), join(directory, 'keybin-api.json')); // never half written
      };
      const receiver = await WebhookReceiver.start();
      writeFileSync(
        join(directory, 'alertmanager.yml'),
        read('alertmanager/alertmanager.yml')
          .replace('url_file: /run/secrets/alert_webhook', `url: '${receiver.url}'`) // a file needs Alertmanager 0.26
          .replace('group_wait: 30s', 'group_wait: 1s')
          .replace('group_interval: 5m', 'group_interval: 1s'),
      );
      writeFileSync(join(directory, 'keybin-worker.json'), '[]');
      writePrometheus(directory, `127.0.0.1:${port + 1}`);
      const api = await spawnApi();
      setTargets([new URL(api.url).host]);
      const alertmanager = new Child('alertmanager', 'prometheus-alertmanager', [
        `--config.file=${join(directory, 'alertmanager.yml')}`,
        `--storage.path=${join(directory, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${port + 1}`,
        '--cluster.listen-address=',
      ]);
      const prometheus = new Child('prometheus', 'prometheus', [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      const names = async (): Promise<string[]> => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`).catch(() => undefined);
        const { data } = ((await answer?.json()) ?? { data: { alerts: [] } }) as AlertsAnswer; // Prometheus's format
        return data.alerts.map(({ labels }) => labels.alertname);
      };
      const isUp = async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=up==1`).catch(() => undefined);
        return (await answer?.text())?.includes('keybin-api') ?? false;
      };
      try {
        await alertmanager.says(/Listening on/);
        await prometheus.says(/Server is ready/);
        await eventually(isUp, 'a scrape of the API', 30_000);
        await eventually(async () => !(await names()).includes('KeybinDown'), 'no alert while the API is up', 30_000);
        setTargets([]);
        await api.stop();
        const told = await eventually(
          () => receiver.received.find(({ body }) => body.includes('keybin-api is down')),
          'a message about the API',
          60_000,
        );
        expect(told.body).to.include('/operations/alerts.md#keybindown');
      } catch (cause) {
        throw new Error(`${prometheus.output}\n${alertmanager.output}`, { cause });
      } finally {
        await api.stop();
        await Promise.all([prometheus.stop(), alertmanager.stop()]);
        await receiver.stop();
      }
    }));
});

interface AlertsAnswer {
  readonly data: { readonly alerts: readonly { readonly labels: { readonly alertname: string } }[] };
}
