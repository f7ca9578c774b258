import { Router } from '@koa/router';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';

/**
 * Yardstick of the API's rows: a bare Koa with router and body parser in one process. It answers the same JSON on the
 * same paths and stores nothing. Only the POST has the body parser, so that the GET is as fast as possible.
 */
const value = 'v'.repeat(Number(process.argv[2] ?? 100));

const router = new Router();
router.get('/user/:token/store/:key', (ctx) => {
  ctx.body = { value };
});
router.post('/user/:token/store/:key', bodyParser(), (ctx) => {
  ctx.body = { result: 'ok' };
});

const app = new Koa();
app.use(router.routes());
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`http://127.0.0.1:${address.port}`);
});
