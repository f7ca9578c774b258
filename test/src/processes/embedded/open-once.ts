/**
 * Opens a directory as the service does, or without its lock, and exits.
 *   node open-once.js DIRECTORY service|reader|unlocked
 */
import { closeDatabases, openDatabases, openDatabasesToRead } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { open } from 'lmdb';
import { times } from '../../world/times.js';

const [directory = '', how] = process.argv.slice(2);
if (how === 'unlocked') await open(directory, { maxDbs: 32, noSubdir: false }).close();
else
  await closeDatabases(
    how === 'reader' ? openDatabasesToRead(directory, times) : openDatabases(directory, true, times),
  );
