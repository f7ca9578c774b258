import { join } from 'node:path';
import { expect } from 'chai';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { root, type ComposeFile } from './compose-file.js';

/** Host names and paths inside the containers, each with its counterpart on this machine. */
export type Places = readonly (readonly [inside: string, here: string])[];

/** Runs the commands of a compose file's containers as plain processes on this machine. */
export class ComposeRun {
  readonly #started: Child[] = [];

  constructor(
    private readonly file: ComposeFile,
    private readonly places: Places,
  ) {}

  start(name: string, env: Readonly<Record<string, string>> = {}): Child {
    const { command, environment = {} } = this.#service(name);
    const [program = '', ...args] = command.map((text) => this.#here(text));
    const settings = Object.entries(environment).map(([key, value]) => [key, this.#here(value)]);
    const path = `${join(root, 'bin')}:${process.env['PATH']}`; // as in the image
    const all = { PATH: path, ...Object.fromEntries(settings), ...env };
    const child = new Child(name, program, args, { cwd: root, env: all });
    this.#started.push(child);
    return child;
  }

  /** Runs a service that ends by itself and returns its output. Throws unless it exits with 0. */
  async done(name: string): Promise<string> {
    const child = this.start(name);
    expect((await child.exited).code, child.output).to.equal(0);
    return child.output;
  }

  /** Resolves once the service's own health check succeeds. */
  async healthy(name: string): Promise<void> {
    const [how, program = '', ...args] = this.#service(name).healthcheck?.test ?? [];
    expect(how).to.equal('CMD');
    const here = args.map((text) => this.#here(text));
    try {
      await eventually(
        async () => (await new Child(`check of ${name}`, program, here, { cwd: root }).exited).code === 0,
        `${name} to be healthy`,
      );
    } catch (cause) {
      const printed = this.#started.map((child) => `${child.name}: ${child.output}`);
      throw new Error(`${name} is not healthy. They printed:\n${printed.join('\n')}`, { cause });
    }
  }

  /** Shuts down all running services, last started first. */
  async stop(): Promise<void> {
    for (const child of this.#started.splice(0).toReversed()) await child.stop();
  }

  #service(name: string) {
    const service = this.file.services[name];
    if (!service) throw new Error(`The compose file has no service ${name}`);
    return service;
  }

  #here(text: string): string {
    return this.places.reduce((replaced, [inside, here]) => replaced.replaceAll(inside, here), text);
  }
}
