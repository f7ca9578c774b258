/**
 * Skips the suite of this hook and prints the reason in one line. With KEYBIN_TEST_REQUIRE_SERVICES=1 it throws
 * instead, so the suite fails.
 */
export function skipSuite(context: Mocha.Context, reason: string): void {
  const suite = context.test?.parent?.fullTitle() ?? 'a suite';
  if (process.env['KEYBIN_TEST_REQUIRE_SERVICES'] === '1') throw new Error(`${suite} cannot run: ${reason}`);
  process.stderr.write(`\n!!! SKIPPED: ${suite}: ${reason}\n\n`);
  context.skip();
}
