import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import Koa from 'koa';

/** Yardstick of uploads and downloads: a bare Koa that streams a body to a file, and a file to the answer. */
const [directory = '.'] = process.argv.slice(2);

const app = new Koa();
app.use(async (ctx) => {
  const file = `${directory}/${ctx.path.replaceAll('/', '_')}`;
  if (ctx.method === 'POST') {
    await pipeline(ctx.req, createWriteStream(file));
    ctx.body = {};
  } else {
    ctx.body = createReadStream(file);
  }
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`http://127.0.0.1:${address.port}`);
});
