/**
 * A process that makes one write and ends, for a test that must not give its event loop a turn meanwhile.
 *   node write-once.js DIRECTORY TOKEN KEY JSON
 */
import { openStore } from './store.js';

const [directory = '', token = '', key = '', json = ''] = process.argv.slice(2);
const engine = await openStore(directory);
await engine.entries.put(token, key, json);
await engine.close();
