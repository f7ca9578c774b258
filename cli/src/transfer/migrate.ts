import type { Config } from '@keybin/shared/config/config.js';
import { openOriginalKeybin } from '@keybin/shared/engines/open-engine.js';
import type { OriginalKeybin, OriginalPlace } from '@keybin/shared/ports/operations.js';
import type { Context } from '../command/context.js';
import { withStoreWriter } from '../command/with-store.js';
import { exportStore } from './export.js';
import { importFile, type ImportAnswer } from './import.js';
import { exportIn, withUnnamedFile } from './spool.js';
import { inOpenFile } from './export-target.js';

/**
 * Imports the database of an original Keybin. Its data is first written as an export into an unnamed file. The same
 * data makes the same file, so a second run repeats the same import.
 */
export async function migrate(
  config: Config,
  place: OriginalPlace,
  context: Pick<Context, 'stderr' | 'cleanUpAtSignal'>,
): Promise<ImportAnswer> {
  const original = await openOriginalKeybin(place, config);
  const notKept: string[] = [];
  const report = (line: string) => {
    notKept.push(line);
    context.stderr.write(`keybin: not migrated: ${line}\n`);
  };
  try {
    await original.setAside(config.store);
    const { json, text, isComplete } = await withUnnamedFile(async (handle) => {
      await exportStore(readerOf(original, report), inOpenFile(handle), context);
      const file = exportIn(handle, original.location);
      return withStoreWriter(config, (writer) => importFile(writer, file, context));
    });
    return {
      json: { ...(json as object), notKept },
      text: [text, ...(notKept.length > 0 ? [`${notKept.length} not migrated, see above`] : [])].join('\n'),
      isComplete: isComplete && notKept.length === 0,
    };
  } finally {
    await original.close();
  }
}

const readerOf = (original: OriginalKeybin, report: (line: string) => void) => ({
  location: original.location,
  size: async () => 0,
  records: () => original.records(report),
});
