import { execFileSync } from 'node:child_process';

/** Runs `promtool`, which must be on PATH. Returns its complaints about this text, or '' if there are none. */
export function promtool(args: readonly string[], input = ''): string {
  try {
    execFileSync('promtool', args, { input, encoding: 'utf8', stdio: 'pipe' });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }; // the error of execFileSync
    return `${stdout ?? ''}${stderr ?? ''}` || String(error);
  }
}
