/**
 * Makes one write and ends. For a test that must block its event loop meanwhile.
 * node write-once.js DIRECTORY TOKEN KEY JSON
 */
import { openStore } from './store.js';

const [directory = '', token = '', key = '', json = ''] = process.argv.slice(2);
const engine = await openStore(directory);
await engine.entries.put(token, key, json);
await engine.close();
