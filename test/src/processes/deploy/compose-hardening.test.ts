import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settings } from '@keybin/shared/config/settings.js';
import { mostBytes } from '../../faults/memory/suite.js';
import { programs } from '../../world/services/services.js';
import { readComposeFile, root, type ComposeFile, type ComposeService } from './compose-file.js';

const mib = 2 ** 20;
const units: Readonly<Record<string, number>> = { m: mib, g: 1_024 * mib };

/** Memory for a health check and a `keybin` command beside an API. */
const leastRoomBytes = 192 * mib;

/** Images that run as root unless told otherwise must not; these names have the user id 0. */
const rootUsers = [undefined, 'root', '0'];

const stores = ['redis', 'mongo'];

/** Returns a `mem_limit` in bytes. */
function bytesOf(limit = ''): number {
  const [, count, unit = ''] = /^(\d+)([mg])$/.exec(limit) ?? [];
  return Number(count) * (units[unit] ?? Number.NaN);
}

describe('docker-compose.yml gives each service', () => {
  programs('docker-compose');

  let file: ComposeFile;
  let services: readonly [name: string, service: ComposeService][];
  before(() => {
    file = readComposeFile();
    services = Object.entries(file.services);
  });

  const namesOf = (belongs: (service: ComposeService) => unknown) =>
    services.filter(([, service]) => belongs(service)).map(([name]) => name);
  const networksOf = (name: string) => Object.keys(file.services[name]?.networks ?? {});
  const meet = (one: string, other: string) => networksOf(one).some((network) => networksOf(other).includes(network));

  it('a user without the rights of root, which it cannot get', () => {
    for (const [name, service] of services) {
      expect(rootUsers, name).to.not.include(service.user?.split(':')[0]);
      expect(service.cap_drop, name).to.deep.equal(['ALL']);
      expect(service.security_opt, name).to.deep.equal(['no-new-privileges:true']);
      expect(service, name).to.not.have.any.keys('cap_add', 'privileged', 'devices', 'pid', 'network_mode');
    }
  });

  it('a root that is read-only, and files of the repository likewise', () => {
    for (const [name, { read_only: isReadOnly, tmpfs = [], volumes = [] }] of services) {
      expect(isReadOnly, name).to.equal(true);
      for (const path of tmpfs) expect(path, name).to.match(/^\/tmp(:size=\d+m)?$/);
      for (const volume of volumes) expect(volume, name).to.match(/^\/.+:ro$|^\w+:.+:rw$/);
    }
  });

  it('a limit on its memory, above what it is documented to take', () => {
    for (const [name, { mem_limit: limit }] of services) expect(bytesOf(limit), name).to.be.above(0);
    expect(bytesOf(file.services['api']?.mem_limit)).to.be.at.least(mostBytes + leastRoomBytes);
  });

  it('a Redis whose own limit comes first, with room for twice of what may be pending', () => {
    const { mem_limit: limit, command = [] } = file.services['redis'] ?? {};
    const own = bytesOf(/--maxmemory (\d+m)b/.exec(command.join(' '))?.[1]);
    expect(own).to.be.at.least(2 * bytesOf(settings.queue.maxPendingBytes.default.replace('MiB', 'm')));
    expect(bytesOf(limit), 'while the append-only file is rewritten').to.be.above(2 * own);
  });

  it('time to shut down', () => {
    const { drainDelaySeconds, drainTimeoutSeconds } = settings.limits;
    const drainSeconds = Number(drainDelaySeconds.default) + Number(drainTimeoutSeconds.default);
    for (const [name, { stop_grace_period: grace = '' }] of services)
      expect(Number(/^(\d+)s$/.exec(grace)?.[1]), name).to.be.above(drainSeconds);
  });

  it('the image that one of them builds, and that no registry is asked for', () => {
    const [builder, ...others] = namesOf(({ build }) => build);
    expect(others).to.deep.equal([]);
    const image = file.services[builder ?? '']?.image;
    const users = services.filter(([, service]) => service.image === image);
    expect(users).to.have.length.above(3);
    for (const [name, { pull_policy: policy }] of users) expect(policy, name).to.equal('never');
    for (const name of ['api', 'worker']) expect(file.services[name]?.depends_on, name).to.have.property(builder ?? '');
  });

  it('the network of Redis and MongoDB only if it runs Keybin', () => {
    const keybin = namesOf(({ image }) => image === 'keybin');
    for (const store of stores) {
      expect(namesOf(({ networks }) => networksOf(store).some((network) => network in networks))).to.have.members([
        ...keybin,
        ...stores,
      ]);
      for (const network of networksOf(store))
        expect(file.networks[network], network).to.deep.equal({ internal: true });
    }
  });

  it('a network to each service that it asks by name', () => {
    const monitoring = namesOf(({ profiles }) => profiles?.includes('monitoring'));
    expect(monitoring).to.have.length.above(2);
    const configuration = readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8');
    const asked = [...configuration.matchAll(/names: \[(\w+)\]/g)].map(([, name = '']) => name);
    expect(asked).to.have.members(['api', 'worker', 'alertmanager']);
    for (const name of asked) expect(meet('prometheus', name), name).to.equal(true);
    expect(meet('grafana', 'prometheus')).to.equal(true);
  });
});
