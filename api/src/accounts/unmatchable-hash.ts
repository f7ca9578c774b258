/** Well-formed, of this cost, and the hash of nothing known: to compare with it takes as long as with a real one. */
export const unmatchableHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
