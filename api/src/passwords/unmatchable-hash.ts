/**
 * Returns a well-formed bcrypt hash that no known password matches. Comparing with it takes as long as with a real one
 * of this cost.
 */
export const unmatchableHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
