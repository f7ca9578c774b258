import { fileURLToPath } from 'node:url';
import { v1Token } from '@keybin/test/contract/v1/calls.js';
import { Child } from '@keybin/test/world/child.js';
import { spawnApi } from '@keybin/test/world/keybin-process.js';
import { mostResidentBytes, residentBytes } from '@keybin/test/world/memory.js';
import { temporaryDirectory } from '@keybin/test/world/temporary-directory.js';
import { benchSettings, type Service, withAccount } from '../accounts.js';
import { bareFiles, keybinFiles, type FileServer } from '../file-load.js';
import { alternate, median } from '../rounds.js';
import { ratioLine, type Line, type Row, type Rounds } from '../row.js';
import { startScaleOut } from '../scale-out.js';

const megabyte = 1_000_000;
const fileMegabytes = 64;
/** At once. */
const clients = 2;

const memoryClients = 20;
const memoryFileMegabytes = 100;
const mostMoreMegabytes = 150;

export const embeddedFiles: Row = {
  id: 'embedded-files',
  async measure(_scene, rounds) {
    const service = await withAccount(await spawnApi({ env: benchSettings }));
    return [
      ...(await compareFiles('embedded', await filesOf(service), rounds, 0.5)),
      await memoryLine('embedded', await filesOf(service), rounds),
    ];
  },
};

/** Without a target: the database, which takes each byte over the network and syncs it, has the most to do. */
export const scaleOutFiles: Row = {
  id: 'scale-out-files',
  async measure(scene, rounds) {
    const service = await startScaleOut(scene);
    await service.startWorker();
    const files = await filesOf(service);
    return [...(await compareFiles('scale-out', files, rounds)), await memoryLine('scale-out', files, rounds)];
  },
};

const filesOf = async ({ api, client, account }: Service): Promise<FileServer> =>
  keybinFiles(api.child.pid, api.url, await v1Token(client, account));

async function startBareFiles(): Promise<FileServer> {
  const script = fileURLToPath(new URL('../file-yardstick.js', import.meta.url));
  const child = new Child('file yardstick', process.execPath, [script, temporaryDirectory()]);
  const address = await child.says(/(http\S+)\n/);
  return bareFiles(child.pid, address);
}

const all = (work: (at: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: clients }, (_, at) => work(at)));

/** Megabytes per second of uploads, and then of downloads of what came. */
async function transferOnce(
  server: FileServer,
  shrink: number,
): Promise<{ readonly up: number; readonly down: number }> {
  const bytes = (fileMegabytes * megabyte) / shrink;
  const rate = (sinceMs: number) => (clients * bytes) / megabyte / ((performance.now() - sinceMs) / 1_000);
  const ids: string[] = [];
  const uploadMs = performance.now();
  await all(async () => ids.push(await server.upload(bytes)));
  const up = rate(uploadMs);
  const downloadMs = performance.now();
  await all((at) => server.download(ids[at] ?? ''));
  const down = rate(downloadMs);
  for (const id of ids) await server.remove(id);
  return { up, down };
}

async function compareFiles(
  engine: string,
  files: FileServer,
  { count, shrink }: Rounds,
  atLeast?: number,
): Promise<Line[]> {
  const yardstick = await startBareFiles();
  const [once, bare] = [() => transferOnce(files, shrink), () => transferOnce(yardstick, shrink)];
  await bare();
  await once();
  const { a, b } = await alternate(count, bare, once);
  const line = (what: 'up' | 'down') => {
    const [product, bareRate] = [median(b.map((sample) => sample[what])), median(a.map((sample) => sample[what]))];
    const sides = { product: `${product.toFixed(0)} MB/s`, yardstick: `${bareRate.toFixed(0)} MB/s` };
    const title = `${engine} ${what}load of a file (yardstick: bare Koa streaming ${what === 'up' ? 'to' : 'from'} a file)`;
    return ratioLine(title, product / bareRate, atLeast, sides);
  };
  return [line('up'), line('down')];
}

async function memoryLine(engine: string, files: FileServer, { shrink }: Rounds): Promise<Line> {
  const bytes = (memoryFileMegabytes * megabyte) / shrink;
  const idle = residentBytes(files.pid);
  const ids: string[] = [];
  const uploads = () =>
    Promise.all(Array.from({ length: memoryClients }, async () => ids.push(await files.upload(bytes))));
  const most = await mostResidentBytes(files.pid, uploads);
  for (const id of ids) await files.remove(id);
  const more = (most - idle) / megabyte;
  return {
    row: `${engine} memory of the API while ${memoryClients} clients upload ${bytes / megabyte} MB each (yardstick: before)`,
    product: `${(most / megabyte).toFixed(0)} MB`,
    yardstick: `${(idle / megabyte).toFixed(0)} MB`,
    result: `${more.toFixed(0)} MB more`,
    target: `≤ ${mostMoreMegabytes} MB more`,
    met: more <= mostMoreMegabytes,
  };
}
