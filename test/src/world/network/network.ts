import { execFileSync } from 'node:child_process';

/** A MAC address that no machine has: what is sent to it is lost without an answer, as behind a broken switch. */
const nobody = '02:00:00:00:00:01';

const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' });

/** Removes something that may not have been made. */
function ipIfThere(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It is not there
  }
}

/** A host of a `Network`. */
export interface NetworkHost {
  readonly address: string;
  /** Words in front of a command that runs on this host. */
  readonly through: readonly string[];
}

/**
 * Hosts with addresses of their own on one switch, which the test reaches, too. Each is a network namespace of Linux,
 * so root's rights are needed. The packets between two of them can be dropped.
 */
export class Network {
  readonly #name = `kb${process.pid}`;
  readonly #hosts: readonly string[];

  /** Makes the hosts with these names. */
  constructor(names: readonly string[]) {
    this.#hosts = names;
    try {
      this.#make();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #make(): void {
    ip('link', 'add', this.#name, 'type', 'bridge');
    ip('address', 'add', `${this.#addressOf(254)}/24`, 'dev', this.#name);
    ip('link', 'set', this.#name, 'up');
    for (const [index, name] of this.#hosts.entries()) {
      const space = this.#spaceOf(name);
      const port = `${this.#name}.${index}`;
      ip('netns', 'add', space);
      ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('link', 'set', port, 'master', this.#name, 'up');
      ip('-n', space, 'address', 'add', `${this.host(name).address}/24`, 'dev', 'eth0');
      ip('-n', space, 'link', 'set', 'eth0', 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
  }

  host(name: string): NetworkHost {
    const index = this.#hosts.indexOf(name);
    if (index < 0) throw new Error(`There is no host ${name}`);
    return { address: this.#addressOf(index + 1), through: ['ip', 'netns', 'exec', this.#spaceOf(name)] };
  }

  /** Drops everything that these two send to each other. */
  cut(one: string, other: string): void {
    this.#eachWay(one, other, (space, address) => {
      ip('-n', space, 'neigh', 'replace', address, 'lladdr', nobody, 'nud', 'permanent', 'dev', 'eth0');
    });
  }

  /** Delivers again what they send. */
  heal(one: string, other: string): void {
    this.#eachWay(one, other, (space, address) => ip('-n', space, 'neigh', 'del', address, 'dev', 'eth0'));
  }

  /** Removes the hosts. Their processes must have ended. */
  close(): void {
    for (const name of this.#hosts) ipIfThere('netns', 'del', this.#spaceOf(name));
    ipIfThere('link', 'del', this.#name);
  }

  #eachWay(one: string, other: string, work: (space: string, address: string) => void): void {
    work(this.#spaceOf(one), this.host(other).address);
    work(this.#spaceOf(other), this.host(one).address);
  }

  #spaceOf(name: string): string {
    return `${this.#name}-${name}`;
  }

  /** Returns an address of the range for tests of networks (RFC 2544), by the process's id. */
  #addressOf(host: number): string {
    return `198.${18 + ((process.pid >> 8) & 1)}.${process.pid & 255}.${host}`;
  }
}

/** True if this process may make a `Network`. */
export function canMakeNetworks(): boolean {
  try {
    const space = `kb${process.pid}-try`;
    ip('netns', 'add', space);
    ip('netns', 'del', space);
    return true;
  } catch {
    return false;
  }
}
