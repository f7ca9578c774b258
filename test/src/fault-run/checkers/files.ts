import type { Findings, Interval, Life } from './history.js';

/** A file that was sent. No other one has its name or bytes. */
export interface SentFile extends Interval {
  readonly name: string;
  readonly sha256: string;
  /** Id of a file whose upload was acknowledged. */
  readonly id?: string;
  /** True if its client aborted the upload, so the file must never appear. */
  readonly isBroken?: boolean;
}

export interface ShownFile {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
}

/** All pages of one list of files. */
export interface ShownFiles extends Interval {
  readonly files: readonly ShownFile[];
  /** True if the list was read after everything had come to rest. */
  readonly final?: boolean;
}

/** Files sent and seen in one life of an account. */
export class FileHistory {
  readonly sent: SentFile[] = [];
  readonly lists: ShownFiles[] = [];
  /** name → interval of its deletion */
  readonly deletes = new Map<string, Interval>();

  /** Files whose upload was acknowledged. */
  get answered(): readonly (SentFile & { readonly id: string })[] {
    return this.sent.flatMap((file) => (file.id === undefined ? [] : [{ ...file, id: file.id }]));
  }

  /** Returns true if the file must not be served from `fromMs` on. */
  isGone(name: string, fromMs: number): boolean {
    return (this.deletes.get(name)?.toMs ?? Infinity) < fromMs;
  }

  /** Returns true if the file may be missing from an answer that arrived at `toMs`. */
  mayBeGone(name: string, toMs: number): boolean {
    return (this.deletes.get(name)?.fromMs ?? Infinity) <= toMs;
  }
}

/**
 * Judges the lists of files. A file that was acknowledged, or shown by a list, is in every later list until it is
 * deleted or its account ends. No list shows a file that was deleted, aborted, never sent in this life, or has other
 * bytes.
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

/** Returns the time from which each file is certain to exist. */
function certainFrom({ answered, lists }: FileHistory): Map<string, number> {
  const certain = new Map(answered.map(({ name, toMs }) => [name, toMs]));
  for (const { toMs, files } of lists) {
    for (const { name } of files) certain.set(name, Math.min(toMs, certain.get(name) ?? Infinity));
  }
  return certain;
}
