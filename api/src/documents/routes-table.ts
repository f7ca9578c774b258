import { dialectOf, errorAnswer, type Dialect } from '../answers/error-answer.js';
import { routes, type RouteDefinition } from '../routes/definitions.js';
import { errorDocuments } from './error-documents.js';

/** The interfaces of an API. Each has a page in docs/interfaces. */
export const interfaces = ['keybin', 'api', 'v1', 'service'] as const satisfies readonly Interface[];
export type Interface = Dialect | 'service';

const service = new Set(['/livez', '/readyz', '/metrics']);

/** Returns the interface that a route belongs to. */
export function interfaceOf({ path }: Pick<RouteDefinition, 'path'>): Interface {
  return service.has(path) ? 'service' : dialectOf(path);
}

/** Returns the routes of an interface as a table in Markdown. */
export function routesTable(of: Interface): string {
  const rows = routes
    .filter((route) => interfaceOf(route) === of)
    .map(({ method, path, does, unless }) => [
      `\`${method} ${path}\``,
      unless === undefined ? does : `${does}; absent with \`${unless}\``,
    ]);
  const head = ['Route', 'What it does'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Returns every error of an interface, with status, code and message, as a list in Markdown. */
export function errorsList(of: Dialect): string {
  const all = errorDocuments
    .filter(({ interfaces: raisedBy }) => raisedBy.includes(of))
    .map(({ error, when }) => ({ status: errorAnswer(error, of, undefined).status, error, when }))
    .sort((one, other) => one.status - other.status);
  return all
    .map(({ status, error: { code, message }, when }) => `- \`${status} ${code}\`: "${message}". ${when}.`)
    .join('\n');
}
