/**
 * Loads the 250 records of the npm package `world-countries` into a Keybin, each under its three-letter code. Then
 * reads each one back and compares it. Exits with 1 if anything differs. See README.md.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import countries from 'world-countries';

const requestsAtOnce = 16;
const attempts = 10;

const { values: options } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:5000' },
    username: { type: 'string', default: `countries-${randomUUID()}` },
    password: { type: 'string', default: randomUUID() },
  },
});

/** Sends a request and returns its answer. Repeats it after 503. Throws for any other status that is not in `fine`. */
async function call(method, path, body, fine = [200]) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(new URL(path, options.url), {
      method,
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (fine.includes(response.status)) return response.status === 200 ? JSON.parse(text) : undefined;
    if (response.status !== 503 || attempt === attempts) throw new Error(`${response.status}: ${text}`);
    await delay(Number(response.headers.get('Retry-After') ?? 1) * 1_000);
  }
}

/** Runs `work` for each item, with a limited number in flight. */
async function forEachOf(items, work) {
  const left = items.values();
  const workers = Array.from({ length: requestsAtOnce }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(workers);
}

const { username, password } = options;
await call('POST', '/register', { username, password }, [200, 409]); // 409: registered by an earlier run
const { token } = (await call('POST', '/token', { username, password })).token;

const startedMs = performance.now();
await forEachOf(countries, (country) => call('POST', `/user/${token}/store/${country.cca3}`, { value: country }));
const storedMs = performance.now();

const different = [];
await forEachOf(countries, async (country) => {
  const { value } = await call('GET', `/user/${token}/store/${country.cca3}`);
  if (!isDeepStrictEqual(value, country)) different.push(country.cca3);
});
const { keys } = await call('GET', `/user/${token}/keys`);
const codes = countries.map((country) => country.cca3);
const missing = codes.filter((code) => !keys.includes(code));
const readMs = performance.now();

console.log(`${countries.length} records stored in ${Math.round(storedMs - startedMs)} ms by ${username}`);
console.log(`${countries.length - different.length} read back equal in ${Math.round(readMs - storedMs)} ms`);
console.log(`${codes.length - missing.length} of them in the list of ${keys.length} keys`);
if (different.length > 0) console.error(`Different: ${different.join(' ')}`);
if (missing.length > 0) console.error(`Not listed: ${missing.join(' ')}`);
process.exitCode = different.length + missing.length > 0 ? 1 : 0;
