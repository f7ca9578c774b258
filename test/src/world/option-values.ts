import { InvalidArgumentError } from 'commander';

/** Parses a whole number of 32 bits from a command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32)
    throw new InvalidArgumentError('It must be 0 to 4294967295.');
  return value;
}
