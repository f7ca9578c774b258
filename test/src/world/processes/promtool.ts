import { execFileSync } from 'node:child_process';

/** What `promtool` finds to say about this text, with these arguments; nothing if all is well. It must be on PATH. */
export function promtool(args: readonly string[], input = ''): string {
  try {
    execFileSync('promtool', args, { input, encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }; // what execFileSync throws
    return `${stdout ?? ''}${stderr ?? ''}` || String(error);
  }
}
