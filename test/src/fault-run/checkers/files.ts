import type { Findings, Interval, Life } from './history.js';

/** A file that was sent, with a name and bytes that no other one has. */
export interface SentFile extends Interval {
  readonly name: string;
  readonly sha256: string;
  /** If it was answered. */
  readonly id?: string;
  /** Its client broke off before its end, so it must never be there. */
  readonly isBroken?: boolean;
}

export interface ShownFile {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
}

/** What a list showed, all of its pages. */
export interface ShownFiles extends Interval {
  readonly files: readonly ShownFile[];
  /** Made after everything had come to rest. */
  readonly final?: boolean;
}

/** What was sent and seen of the files of one life. */
export class FileHistory {
  readonly sent: SentFile[] = [];
  readonly lists: ShownFiles[] = [];
  /** name → when it was deleted */
  readonly deletes = new Map<string, Interval>();

  /** The files that were answered. */
  get answered(): readonly (SentFile & { readonly id: string })[] {
    return this.sent.flatMap((file) => (file.id === undefined ? [] : [{ ...file, id: file.id }]));
  }

  /** Whether the file must not be served from `fromMs` on. */
  isGone(name: string, fromMs: number): boolean {
    return (this.deletes.get(name)?.toMs ?? Infinity) < fromMs;
  }

  /** Whether it may be missing to who had the answer at `toMs`. */
  mayBeGone(name: string, toMs: number): boolean {
    return (this.deletes.get(name)?.fromMs ?? Infinity) <= toMs;
  }
}

/**
 * A file that was answered, or that a list has shown, is in every list that was asked for after that, until it is deleted or its account
 * ends. No list shows one that was never sent in this life, or not to its end, or other bytes, or one whose delete was answered.
 */
export function judgeFiles({ username, password, endingFromMs, files }: Life, findings: Findings): void {
  const sent = new Map(files.sent.map((file) => [file.name, file]));
  const certain = certainFrom(files);
  for (const { fromMs, toMs, files: shown, final } of files.lists) {
    const when = `in a list of ${username} (${password}) from ${Math.round(fromMs)} to ${Math.round(toMs)} ms`;
    for (const { id, name, sha256 } of shown) {
      const file = sent.get(name);
      const isSent = file !== undefined && !file.isBroken && (file.id ?? id) === id && file.sha256 === sha256;
      if (!isSent) findings.resurrected.push(`file ${id}, ${name}, was never sent like that, but is ${when}`);
      if (files.isGone(name, fromMs)) findings.resurrected.push(`file ${id}, ${name}, was deleted, but is ${when}`);
    }
    if (toMs > endingFromMs) continue;
    const names = new Set(shown.map(({ name }) => name));
    for (const [name, sinceMs] of certain) {
      if (sinceMs > fromMs || names.has(name) || files.mayBeGone(name, toMs)) continue;
      findings[final ? 'lost' : 'missed'].push(`file ${name} is not ${when}`);
    }
  }
}

/** Since when each file is certain to be there. */
function certainFrom({ answered, lists }: FileHistory): Map<string, number> {
  const certain = new Map(answered.map(({ name, toMs }) => [name, toMs]));
  for (const { toMs, files } of lists) {
    for (const { name } of files) certain.set(name, Math.min(toMs, certain.get(name) ?? Infinity));
  }
  return certain;
}
