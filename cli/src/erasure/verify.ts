import type { Leftovers, StoreReader } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';

/** Counts what is left of erased accounts with this name. The first line of the text is the total. */
export async function verifyErasure(
  reader: StoreReader,
  name: string,
): Promise<Answer & { readonly isClean: boolean }> {
  const leftovers = await reader.leftovers(name);
  const total = Object.values(leftovers.left).reduce((sum, count) => sum + count, 0);
  const lines = Object.entries(leftovers.left).filter(([, count]) => count > 0);
  const text = [String(total), ...lines.map(([place, count]) => `${count} ${place}`), ...notes(leftovers)];
  return { isClean: total === 0, json: { name, total, ...leftovers }, text: text.join('\n') };
}

function* notes({ registered, erased }: Leftovers): Generator<string> {
  if (registered) yield 'An account has this name; its data is not counted.';
  else if (erased === 0)
    yield 'The store has no record of an erased account with this name. The counts are of accounts without a record.';
}
