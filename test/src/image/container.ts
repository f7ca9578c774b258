import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type Exit } from '../world/processes/child.js';
import { temporaryDirectory } from '../world/processes/temporary-directory.js';
import type { Image } from './build-image.js';

type Env = Readonly<Record<string, string>>;

/** Changes to the root of an image, read-only but for the volume /data and /tmp, and runs the rest of the command. */
const enter = `
root=$1
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$2" "$root/data"
mount -t tmpfs -o size=64m none "$root/tmp"
mount -t proc none "$root/proc"
mount --rbind /dev "$root/dev"
shift 2
exec chroot "$root" "$@"`;

/** Words in front of a command that make new namespaces, in which it is the first process, as in a container. */
export const inNamespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child'] as const;

/** Makes a volume for /data, which begins with what the image has there. */
export function makeVolume({ root }: Image): string {
  const volume = join(temporaryDirectory(), 'data');
  execFileSync('cp', ['--archive', join(root, 'data'), volume]);
  return volume;
}

/**
 * Container of an image, made from namespaces and mounts alone. It has what docker-compose.yml gives a service: a
 * read-only root, no capability, and nothing by which it could get one. Its network is this machine's.
 */
export class Container {
  /** Its first process, behind those that enter the container. */
  readonly child: Child;
  readonly #image: Image;
  readonly #env: Env;

  /** Runs a command, that of the image by default. */
  constructor(image: Image, volume: string, env: Env = {}, command: readonly string[] = image.config.Cmd) {
    this.#image = image;
    this.#env = env;
    const [program, ...args] = inNamespaces;
    const entered = ['sh', '-euc', enter, 'enter', image.root, volume, ...this.#asItsUser(command)];
    this.child = new Child(command.join(' '), program, [...args, ...entered]);
  }

  /** Runs a command beside the first process, as `docker exec` does. */
  exec(...command: readonly string[]): Child {
    const args = [`--target=${this.#pid}`, '--mount', '--pid', '--root', ...this.#asItsUser(command)];
    return new Child(command.join(' '), 'nsenter', args);
  }

  /** Ends it with SIGTERM, which the first process of a container gets only if it listens for it. */
  stop(): Promise<Exit> {
    if (this.child.alive) process.kill(this.#pid, 'SIGTERM');
    return this.child.exited;
  }

  /** Process id on this machine of the first process. Throws if it does not run. */
  get #pid(): number {
    const { pid } = this.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (!/^\d+$/.test(children)) throw new Error(`${this.child.name} does not run: ${this.child.output}`);
    return Number(children);
  }

  #asItsUser(command: readonly string[]): string[] {
    const { Env, User, WorkingDir } = this.#image.config;
    const own = Object.entries(this.#env).map(([name, value]) => `${name}=${value}`);
    const user = [`--reuid=${User}`, `--regid=${User}`, '--init-groups'];
    const rights = ['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
    return ['env', '-i', '-C', WorkingDir, ...Env, ...own, 'setpriv', ...user, ...rights, ...command];
  }
}
