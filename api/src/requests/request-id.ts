import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';

/** Ids that clients may choose: short and plain, so that they do no harm in a log, a header or a job. */
const acceptedId = /^[\w.:+/=-]{1,64}$/;

const process = randomBytes(5).toString('hex');
let count = 0;

/** Returns the client's `X-Request-Id` if it is acceptable, or else an id that no other request of any process has. */
export function newRequestId(given: string | string[] | undefined): string {
  if (typeof given === 'string' && acceptedId.test(given)) return given;
  count += 1;
  return `${process}-${count.toString(36)}`;
}

/** Notes the id of a request for later middleware, and sends it to the client. */
export function setRequestId(ctx: Context): void {
  const id = newRequestId(ctx.req.headers['x-request-id']);
  ctx.state['requestId'] = id;
  ctx.res.setHeader('X-Request-Id', id);
}

/** Returns the id of a request, as logs and jobs name it. */
export function requestIdOf(ctx: Pick<Context, 'state'>): string {
  return String(ctx.state['requestId']);
}
