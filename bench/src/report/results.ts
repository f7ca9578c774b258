import type { Line, Rounds } from '../row.js';
import { machine } from './machine.js';
import { connections, valueBytes } from '../load/wrk.js';

const isMet = ({ met }: Line) => (met === undefined ? '' : met ? 'yes' : '**no**');

/** Returns the lines as a Markdown table. */
export function table(lines: readonly Line[]): string {
  const cells = lines.map((line) => [line.row, line.product, line.yardstick, line.result, line.target, isMet(line)]);
  return markdown(['row', 'Keybin', 'yardstick', 'result', 'target', 'met'], cells);
}

/** Returns a Markdown table. Its first and last columns are text, the others numbers. */
export function markdown(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const align = ['---', ...head.slice(2).map(() => '--:'), '---'];
  return [head, align, ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Returns the text of `RESULTS.md`. */
export function results(lines: readonly Line[], { count, seconds }: Rounds, command: string): string {
  return `# Speed

Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}.

${table(lines)}

${machine()
  .map((line) => `- ${line}`)
  .join('\n')}

## How to read it

- The yardstick, where the row names no other, is a bare Koa with router and body parser in one process that answers the same
  JSON and keeps nothing. Keybin is one API process.
- Load: wrk, one thread, ${connections} connections, random keys (GET: one of 1,000, POST: one of 10,000) with values of ${valueBytes} bytes.
- Keybin and yardstick take turns, ${count} rounds of ${seconds} s each after a warm-up; every figure is a median, the result the ratio of medians.
- µs: CPU time of the API process (of the worker, of the driver's process) per request or document, all threads.
- A single answer with a status of 400 or more, or a connection that fails, fails the row. A value is pending only while no worker
  runs, so that row has no line with one running.
- Writes are durable: LMDB and mongod sync each commit, Redis syncs as the row says (\`always\` where it says nothing). Only rows with
  \`MONGOD_FAST=1\` have the stand-in for mongod leave its syncs out: they compare both sides on the same server, or no times at all.
- The worker is stopped unless the row says otherwise.
- Database updates are counted by the server (\`serverStatus\`, \`opcounters.update\`: each update of a bulk write counts).
`;
}
