import { fileURLToPath } from 'node:url';
import { v1Token } from '@keybin/test/contract/v1/calls.js';
import { Child } from '@keybin/test/world/processes/child.js';
import { mostResidentBytes, residentBytes } from '@keybin/test/world/memory.js';
import { temporaryDirectory } from '@keybin/test/world/processes/temporary-directory.js';
import { benchSettings, type Service, withAccount } from '../load/accounts.js';
import { bareFiles, keybinFiles, type FileServer } from '../load/file-load.js';
import { alternate, median } from '../rounds.js';
import { ratioLine, type Figure, type Line, type Row, type Rounds } from '../row.js';
import { startScaleOut } from '../scale-out.js';
import type { Scene } from '../scene.js';

const megabyte = 1_000_000;
const fileMegabytes = 64;
/** Number of concurrent clients. */
const clients = 2;
/** Transfers of a measurement by itself. One alone takes only a second, and a stall changes its rate by a third. */
const transfersAlone = 5;

const memoryClients = 20;
const memoryFileMegabytes = 100;
const mostMoreMegabytes = 150;

function filesRow(engine: string, atLeast: number | undefined, start: (scene: Scene) => Promise<Service>): Row {
  return {
    id: `${engine}-files`,
    async measure(scene, rounds) {
      const files = await filesOf(await start(scene));
      return [...(await compareFiles(engine, files, rounds, atLeast)), await memoryLine(engine, files, rounds)];
    },
    async measureAlone(scene, { shrink }) {
      const files = await filesOf(await start(scene));
      await transferOnce(files, shrink);
      const times = [];
      while (times.length < transfersAlone) times.push(await transferOnce(files, shrink));
      const [up, down] = [median(times.map((each) => each.up)), median(times.map((each) => each.down))];
      const { most } = await uploadMemory(files, memoryBytes(shrink));
      const figures: Figure[] = [
        { name: `${engine} upload of a file`, value: up, unit: ' MB/s', better: 'higher' },
        { name: `${engine} download of a file`, value: down, unit: ' MB/s', better: 'higher' },
        { name: `${engine} memory of the API during uploads`, value: most / megabyte, unit: ' MB', better: 'lower' },
      ];
      return figures;
    },
  };
}

export const embeddedFiles = filesRow('embedded', 0.5, async ({ product }) =>
  withAccount(await product.startApi(benchSettings)),
);

/** Has no target: most of the work is the database's, which receives each byte over the network and syncs it. */
export const scaleOutFiles = filesRow('scale-out', undefined, async (scene) => {
  const service = await startScaleOut(scene);
  await service.startWorker();
  return service;
});

const filesOf = async ({ api, client, account }: Service): Promise<FileServer> =>
  keybinFiles(api.child.pid, api.url, await v1Token(client, account));

async function startBareFiles(): Promise<FileServer> {
  const script = fileURLToPath(new URL('../yardsticks/file-yardstick.js', import.meta.url));
  const child = new Child('file yardstick', process.execPath, [script, temporaryDirectory()]);
  const address = await child.says(/(http\S+)\n/);
  return bareFiles(child.pid, address);
}

const all = (work: (at: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: clients }, (_, at) => work(at)));

/** Measures the rate of uploads, and then of downloads of the same files, in MB/s. */
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

const memoryBytes = (shrink: number) => (memoryFileMegabytes * megabyte) / shrink;

/** Measures the API's resident memory before and during many concurrent uploads, in bytes. */
async function uploadMemory(files: FileServer, bytes: number): Promise<{ idle: number; most: number }> {
  const idle = residentBytes(files.pid);
  const ids: string[] = [];
  const uploads = () =>
    Promise.all(Array.from({ length: memoryClients }, async () => ids.push(await files.upload(bytes))));
  const most = await mostResidentBytes(files.pid, uploads);
  for (const id of ids) await files.remove(id);
  return { idle, most };
}

async function memoryLine(engine: string, files: FileServer, { shrink }: Rounds): Promise<Line> {
  const bytes = memoryBytes(shrink);
  const { idle, most } = await uploadMemory(files, bytes);
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
