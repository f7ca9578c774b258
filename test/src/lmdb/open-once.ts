/**
 * Opens a directory as the service does, or without its lock, and ends.
 *   node open-once.js DIRECTORY service|reader|unlocked
 */
import { closeDatabases, openDatabases, openToRead } from '@keybin/shared/engines/lmdb/environment.js';
import { open } from 'lmdb';
import { times } from '../world/times.js';

const [directory = '', how] = process.argv.slice(2);
if (how === 'unlocked') await open(directory, { maxDbs: 32, noSubdir: false }).close();
else await closeDatabases(how === 'reader' ? openToRead(directory, times) : openDatabases(directory, true, times));
