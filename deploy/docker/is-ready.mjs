// Health check of a container. `node is-ready.mjs URL` exits with 0 if the URL returns 200 within 2 s.
const [url] = process.argv.slice(2);
const ok = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
  (answer) => answer.ok,
  () => false,
);
process.exit(ok ? 0 : 1);
