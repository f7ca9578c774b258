import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { openJobs } from '../../faults/support/jobs.js';
import { eventually } from '../../world/eventually.js';
import { executableOf } from '../../world/processes/executable.js';
import type { RunningApi } from '../../world/processes/running.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { programs, services } from '../../world/services/services.js';
import { adminSettings, board, password, user } from '../../unit/dashboard/administrator.js';
import { Buttons } from './buttons.js';
import { pages } from '../../unit/dashboard/endpoints.js';

/** Requests of a browser that walks through the dashboard. */
interface Walk {
  readonly page: Page;
  /** Addresses of other services that it asked. */
  readonly foreign: string[];
  readonly errors: string[];
  /** Requests that change something. */
  readonly changes: string[];
}

/** Pages with the text that they show once loaded. */
const walked = [
  ['/', 'entries'],
  ['/queue/entries?status=waiting', '/a_key'],
  ['/queue/entries/:jobId', '/a_key'],
  ['/job-schedulers', 'Schedulers'],
] as const;

/** Requests of the buttons on these pages. */
const changes = [
  'PUT pause',
  'PUT resume',
  'PUT entries/pause',
  'PUT entries/resume',
  'PUT entries/concurrency',
  'PUT entries/rate-limit',
  'PUT entries/empty',
  'PUT entries/obliterate',
  'POST entries/add',
  'POST entries/add', // a copy of a job
  'PATCH entries/:jobId/update-data',
  'PUT entries/:jobId/clean',
];

/** React shows loaded data 300 ms late, and a page that has just filled the screen takes no clicks for a while. */
const impatience = `
  const later = window.setTimeout;
  window.setTimeout = (work, ms, ...args) => later(work, ms <= 300 ? 0 : ms, ...args);
  Element.prototype.requestFullscreen = async () => {};`;

describe('the dashboard in a browser', function () {
  this.timeout(180_000); // every button is clicked, on a machine that may be busy
  programs('chromium');
  const world = new ScaleOutWorld({
    services,
    env: { ...adminSettings, KEYBIN_STORE_TOKEN_EXPIRATION: '600', KEYBIN_QUEUE_SWEEP_AFTER: '1' },
  });
  let browser: Browser;
  let writable: RunningApi;

  before(async () => {
    writable = await world.startApi({ KEYBIN_ADMIN_QUEUE_CHANGES: 'on' });
    // Root may not use the sandbox, and shared memory is small in containers
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
    browser = await chromium.launch({ executablePath: executableOf('chromium'), args });
  });
  after(async () => {
    await browser?.close();
    await writable?.stop();
  });

  async function begin(baseURL: string): Promise<Walk> {
    const context = await browser.newContext({ baseURL, httpCredentials: { username: user, password } });
    await context.addInitScript(impatience);
    const page = await context.newPage();
    const walk: Walk = { page, foreign: [], errors: [], changes: [] };
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && url.origin !== baseURL) walk.foreign.push(request.url());
      if (request.method() !== 'GET') walk.changes.push(`${request.method()} ${changed(url.pathname)}`);
    });
    page.on('pageerror', (error) => walk.errors.push(String(error)));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) walk.errors.push(message.text());
    });
    page.on('dialog', (dialog) => void dialog.accept().catch(() => {}));
    return walk;
  }

  /** Returns the id of a waiting job. */
  const waitingJob = async () =>
    (await openJobs(world.services.redisUrl)).find(({ name }) => name === 'apply')?.id ?? '';

  it('loads each page from its own host only, shows account and key but no value, and changes nothing', async () => {
    const { token } = await world.here.newAccount();
    await world.here.put(token, 'a_key', 'a secret value');
    const walk = await begin(world.here.baseUrl);
    for (const route of pages) {
      const html = await open(walk.page, route.replace(':queueName', 'entries').replace(':jobId', await waitingJob()));
      expect(html).not.to.include('a secret value');
    }
    await open(walk.page, `/queue/entries/${await waitingJob()}`);
    await walk.page.getByText('/a_key').first().waitFor();
    expect(walk.foreign).to.deep.equal([]);
    expect(walk.errors).to.deep.equal([]);
    expect(walk.changes).to.deep.equal([]);
    await walk.page.context().close();
  });

  for (const isWritable of [false, true]) {
    it(`loses nothing by a click on any of its buttons, ${isWritable ? 'with changes allowed' : 'read-only'}`, async () => {
      const { token } = await world.here.newAccount();
      await world.here.put(token, 'a_key', 'a secret value');
      const walk = await begin(isWritable ? writable.url : world.here.baseUrl);
      const buttons = new Buttons(walk.page);
      for (const [path, shown] of walked) {
        await buttons.clickAll(async () => {
          // A click may have removed the job
          if (!(await waitingJob())) await world.here.put(token, 'a_key', 'a secret value');
          await open(walk.page, path.replace(':jobId', await waitingJob()));
          await walk.page.locator('main').getByText(shown).first().waitFor();
        });
      }
      expect(buttons.clicked.size).to.be.above(10);
      expect(walk.foreign).to.deep.equal([]);
      expect(walk.errors).to.deep.equal([]);
      expect(walk.changes).to.have.members(isWritable ? changes : []);
      await walk.page.context().close();
      const worker = await world.startWorker();
      await eventually(async () => (await world.pendingEntries()) === 0, 'nothing pending', 40_000);
      expect((await world.there.get(token, 'a_key')).json).to.deep.equal({ value: 'a secret value' });
      await worker.stop();
    });
  }
});

/** Opens a page, waits until it shows its data, and returns its HTML. */
async function open(page: Page, path: string): Promise<string> {
  await page.goto(`${board}${path}`, { waitUntil: 'load' });
  await page.locator('main').waitFor();
  await eventually(async () => (await page.locator('main [class*=loader]').count()) === 0, `what ${path} shows`);
  return page.content();
}

/** Returns the part of the dashboard that a path changes, without the id of the job. */
function changed(path: string): string {
  return path.replace(`${board}/api/queues/`, '').replace(/\/\d+\//, '/:jobId/');
}
