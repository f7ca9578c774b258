// The health check of a container: exits with 0 if `node is-ready.mjs URL` is answered with 200 within 2 s.
const [url] = process.argv.slice(2);
const ok = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
  (answer) => answer.ok,
  () => false,
);
process.exit(ok ? 0 : 1);
