/** A point at which a step waits for `open`. */
export interface Gate {
  /** Resolves when a step has reached the gate. */
  readonly reached: Promise<void>;
  open(): void;
}

/**
 * Pauses named steps of one process (`fill`, `replace` ...), so that a test can run another process's steps in between.
 * The methods of an object from `gated` are such steps.
 */
export class Gates {
  readonly #closed = new Map<string, { reach: () => void; opened: Promise<void> }>();
  readonly #seen = new Map<string, number>();
  /** Called before each step, in addition to the gates. */
  before: ((step: string) => Promise<void>) | undefined;

  /** Makes the next call of `step` wait before it does anything. */
  pause(step: string): Gate {
    const { promise: reached, resolve: reach } = promiseOf();
    const { promise: opened, resolve: open } = promiseOf();
    this.#closed.set(step, { reach, opened });
    return { reached, open };
  }

  /** Returns how often `step` was called. */
  calls(step: string): number {
    return this.#seen.get(step) ?? 0;
  }

  async pass(step: string): Promise<void> {
    this.#seen.set(step, this.calls(step) + 1);
    await this.before?.(step);
    const gate = this.#closed.get(step);
    if (!gate) return;
    this.#closed.delete(step);
    gate.reach();
    await gate.opened;
  }
}

/** Wraps an object so that the methods in `steps` pass through `gates` first. These methods must be asynchronous. */
export function gated<T extends object>(
  target: T,
  steps: readonly (keyof T & string)[],
  gates: Pick<Gates, 'pass'>,
): T {
  const names: readonly (string | symbol)[] = steps;
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      if (!names.includes(name)) return member.bind(object) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        await gates.pass(String(name));
        return (await Reflect.apply(member, object, args)) as unknown;
      };
    },
  });
}

/** Wraps an object and replaces some of its methods. */
export function withSteps<T extends object>(target: T, steps: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(steps, name) ?? Reflect.get(object, name);
      return typeof member === 'function' ? (member.bind(object) as unknown) : member;
    },
  });
}

function promiseOf() {
  const own: { resolve?: () => void } = {};
  const promise = new Promise<void>((resolve) => (own.resolve = resolve));
  return { promise, resolve: () => own.resolve?.() };
}
