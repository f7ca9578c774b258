/**
 * Judges the reads of one key, a register, by linearizability. There must be an order of all operations in which each
 * read shows the write before it. In that order each operation takes effect between its sending and its answer.
 *
 * The search is Wing and Gong's in the just-in-time form of Lowe, "Testing for Linearizability" (2017). An operation
 * takes effect only when an answered one needs it to.
 */

/** Content of a register: a value that only one write has written, or undefined for none. */
export type Content = string | undefined;

interface Interval {
  /** Time of sending. */
  readonly fromMs: number;
  /** Time of the answer. Infinity if the outcome is unknown: the operation may take effect at any time, or never. */
  readonly toMs: number;
}

export interface Write extends Interval {
  readonly kind: 'write';
  /** Undefined for a delete. */
  readonly content: Content;
  /** True if the answer said that there was something to delete. */
  readonly found?: boolean;
}

export interface Read extends Interval {
  readonly kind: 'read';
  readonly content: Content;
  /** True if the content was anything but `content`. */
  readonly isNot?: boolean;
  /** True if the read was made after everything had come to rest. */
  readonly final?: boolean;
}

/** Presence of this key in a list of keys. */
export interface Listing extends Interval {
  readonly kind: 'listing';
  readonly listed: boolean;
  readonly final?: boolean;
}

export type Operation = Write | Read | Listing;

/**
 * Returns the operations whose answers no order explains, in the order of their answers. Each is judged as if the
 * earlier unexplained ones had not been made. The exception is a delete: it counts as done even where it could have
 * found nothing.
 */
export function unexplained(operations: readonly Operation[]): Operation[] {
  const events = withKnownOutcomes(operations)
    .flatMap((operation) => [
      { operation, atMs: operation.fromMs, isAnswer: false },
      { operation, atMs: operation.toMs, isAnswer: true },
    ])
    .filter(({ atMs }) => atMs !== Infinity)
    .toSorted((one, other) => one.atMs - other.atMs || Number(one.isAnswer) - Number(other.isAnswer));

  const found: Operation[] = [];
  const open = new Set<Operation>();
  const sent = { deletes: 0, puts: 0 };
  let states: readonly State[] = [{ content: undefined, done: new Set(), deletes: 0, puts: 0 }];
  for (const { operation, isAnswer } of events) {
    if (!isAnswer) {
      if (operation.toMs !== Infinity) open.add(operation);
      else if (isDelete(operation)) sent.deletes++;
      else sent.puts++;
      continue;
    }
    const next = placed(operation, states, open, sent);
    if (next.length > 0) states = next;
    else found.push(operation);
    if (next.length === 0 && isDelete(operation)) states = states.map((state) => ({ ...state, content: undefined }));
    open.delete(operation);
  }
  return found;
}

const isDelete = (operation: Operation) => operation.kind === 'write' && operation.content === undefined;

/**
 * Bounds the unanswered puts whose value was read: they took effect by the end of the first read that shows it. The
 * others may have taken effect or not. No read tells them apart, so counting them is enough.
 */
function withKnownOutcomes(operations: readonly Operation[]): Operation[] {
  const seenByMs = new Map<string, number>();
  for (const operation of operations) {
    if (operation.kind !== 'read' || operation.isNot || operation.content === undefined) continue;
    seenByMs.set(operation.content, Math.min(operation.toMs, seenByMs.get(operation.content) ?? Infinity));
  }
  return operations.map((operation) => {
    if (operation.kind !== 'write' || operation.content === undefined || operation.toMs !== Infinity) return operation;
    return { ...operation, toMs: Math.max(seenByMs.get(operation.content) ?? Infinity, operation.fromMs) };
  });
}

/** Numbers of unanswered writes: deletes, and puts of values that no read shows. */
interface Unanswered {
  readonly deletes: number;
  readonly puts: number;
}

/** A possible state of the register, and the number of unanswered writes that led to it. */
interface State extends Unanswered {
  readonly content: Content;
  /** Open operations that have taken effect. */
  readonly done: ReadonlySet<Operation>;
}

/** Content after an unanswered put that no read shows. */
const unseen = '(a value that nobody has read)';

/** Returns the states in which `operation` has taken effect, perhaps after other open operations. */
function placed(
  operation: Operation,
  states: readonly State[],
  open: ReadonlySet<Operation>,
  sent: Unanswered,
): State[] {
  const reached = new States();
  const seen = new States();
  const waiting = [...states];
  for (let state = waiting.pop(); state; state = waiting.pop()) {
    if (!seen.add(state)) continue;
    if (state.done.has(operation)) {
      reached.add({ ...state, done: without(state.done, operation) });
      continue;
    }
    for (const next of open) {
      const content = state.done.has(next) ? impossible : after(next, state.content);
      if (content !== impossible) waiting.push({ ...state, content, done: new Set(state.done).add(next) });
    }
    if (state.deletes < sent.deletes) waiting.push({ ...state, content: undefined, deletes: state.deletes + 1 });
    if (state.puts < sent.puts) waiting.push({ ...state, content: unseen, puts: state.puts + 1 });
  }
  return [...reached.all()];
}

const impossible = Symbol('impossible');

/** Returns the content after an operation. */
function after(operation: Operation, content: Content): Content | typeof impossible {
  if (operation.kind === 'write') return operation.found && content === undefined ? impossible : operation.content;
  return isShown(operation, content) ? content : impossible;
}

function isShown(seen: Read | Listing, content: Content): boolean {
  if (seen.kind === 'listing') return seen.listed === (content !== undefined);
  return (seen.content === content) !== (seen.isNot ?? false);
}

/**
 * A set of states without redundant ones. A state is redundant if another one with the same content and operations took
 * no more unanswered writes.
 */
class States {
  readonly #ids = new Map<Operation, number>();
  readonly #byPlace = new Map<string, State[]>();

  /** Adds a state. Returns false if it is redundant. */
  add(state: State): boolean {
    const place = this.#place(state);
    const others = this.#byPlace.get(place) ?? [];
    if (others.some((other) => isWithin(other, state))) return false;
    this.#byPlace.set(place, [...others.filter((other) => !isWithin(state, other)), state]);
    return true;
  }

  *all(): Iterable<State> {
    for (const states of this.#byPlace.values()) yield* states;
  }

  #place({ content, done }: State): string {
    const ids = [...done].map((operation) => this.#id(operation)).toSorted((one, other) => one - other);
    return `${ids.join()} ${content === undefined ? '' : `=${content}`}`;
  }

  #id(operation: Operation): number {
    const id = this.#ids.get(operation) ?? this.#ids.size;
    this.#ids.set(operation, id);
    return id;
  }
}

const isWithin = (one: Unanswered, other: Unanswered) => one.deletes <= other.deletes && one.puts <= other.puts;

function without<T>(set: ReadonlySet<T>, item: T): Set<T> {
  const rest = new Set(set);
  rest.delete(item);
  return rest;
}
