/** One side of a comparison: measures itself once. */
export type Side<Sample> = () => Promise<Sample>;

/**
 * Measures A, B, A, B, ..., so that other load on the machine affects both sides alike. Each round takes one sample of
 * each.
 */
export async function alternate<A, B>(rounds: number, a: Side<A>, b: Side<B>): Promise<{ a: A[]; b: B[] }> {
  const samples: { a: A[]; b: B[] } = { a: [], b: [] };
  for (let round = 0; round < rounds; round++) {
    samples.a.push(await a());
    samples.b.push(await b());
  }
  return samples;
}

/** Returns the middle value. For an even number of values it is the lower of the two. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new Error('A median of nothing');
  return middle;
}
