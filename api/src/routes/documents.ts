import { routes } from './definitions.js';

/** The list of routes for the README, as a table in Markdown. */
export function routesTable(): string {
  const rows = routes.map(({ method, path, does, unless }) => [
    `\`${method} ${path}\``,
    unless === undefined ? does : `${does}; not with \`${unless}\``,
  ]);
  const head = ['Route', 'What it does'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
