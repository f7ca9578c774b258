import { appRoutes } from '@bull-board/api/dist/routes.js';

export interface Endpoint {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH';
  /** Path with parameters such as `:queueName` and `:jobId`. */
  readonly route: string;
}

/** Every endpoint of Bull Board, from its own list of routes. */
export const endpoints: readonly Endpoint[] = appRoutes.api.flatMap(({ method, route }) =>
  [method]
    .flat()
    .flatMap((each) =>
      [route].flat().map((path) => ({ method: each.toUpperCase() as Endpoint['method'], route: path })),
    ),
);

/** Paths of Bull Board's pages. */
export const pages: readonly string[] = [appRoutes.entryPoint.route].flat();

/** Returns a path of the route for this job. */
export function pathOf(route: string, jobId: string, queueStatus = 'failed'): string {
  return route
    .replace(':queueName', 'entries')
    .replace(':jobId', encodeURIComponent(jobId))
    .replace(':queueStatus', queueStatus)
    .replace(':schedulerId', 'none');
}

/** Returns a body that the endpoint accepts. `data` is the data of a job. */
export function bodyOf(route: string, data: unknown): unknown {
  if (route.endsWith('/add')) return { name: 'apply', data, options: {} };
  if (route.endsWith('/update-data')) return { jobData: data };
  if (route.endsWith('/delay')) return { runAt: Date.now() + 3_600_000 };
  if (route.endsWith('/priority')) return { priority: 1_000 };
  if (route.endsWith('/concurrency')) return { concurrency: 1 };
  if (route.endsWith('/rate-limit')) return { max: 1, duration: 3_600_000 };
  if (route.endsWith('/obliterate')) return { force: true };
  if (route.endsWith('/:schedulerId')) return { every: 1_000 };
  return {};
}
