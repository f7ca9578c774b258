import type { Router } from '@koa/router';

/**
 * Removes HEAD, which the router adds to each GET, from the route that was added last. For a GET that changes something
 * although it should not: programs that look ahead send HEAD, which must be safe (RFC 9110, 9.2.1).
 */
export function refuseHead(router: Router): void {
  const route = router.stack.at(-1);
  if (route) route.methods = route.methods.filter((method) => method !== 'HEAD');
}
