import { MongoClient, type IndexDescription } from 'mongodb';
import { loadConfig } from '../config/load/load-config.js';
import { lmdbDatabases } from '../engines/embedded/lmdb/databases.js';
import { collectionContents, Database, indexesOf } from '../engines/scale-out/mongodb/database.js';
import { redisKeys } from '../engines/scale-out/redis/keys.js';

/** Lists in Markdown for docs/storage.md, by the name of their place in it. */
export const storageLists: Readonly<Record<string, () => string>> = {
  'redis-keys': redisKeysList,
  collections: collectionsList,
  'lmdb-databases': lmdbDatabasesList,
};

function redisKeysList(): string {
  return redisKeys.map(({ pattern, type, holds }) => `- \`${pattern}\` (${typeNames[type]}). ${holds}`).join('\n');
}

/** Returns the collections under the default settings, with their indexes. Connects to nothing. */
function collectionsList(): string {
  const database = new Database(new MongoClient('mongodb://localhost'), loadConfig(['--config', '/dev/null'], {}));
  const indexes = new Map(indexesOf(database).map(([{ collectionName }, each]) => [collectionName, each]));
  const members = Object.keys(collectionContents) as (keyof typeof collectionContents)[]; // keys of a constant
  return members
    .map((member) => {
      const { id, holds } = collectionContents[member];
      const { collectionName } = database[member];
      const indexed = (indexes.get(collectionName) ?? []).map(indexText).join('; ');
      return `- \`${collectionName}\` (\`_id\`: ${id}). ${holds}${indexed && ` Indexes: ${indexed}.`}`;
    })
    .join('\n');
}

function lmdbDatabasesList(): string {
  return Object.values(lmdbDatabases)
    .map(({ name, key, value }) => `- \`${name}\`: ${key} → ${value}`)
    .join('\n');
}

const typeNames = { string: 'string', hash: 'hash', zset: 'sorted set', several: 'several types' } as const;

function indexText({ key, unique, expireAfterSeconds, partialFilterExpression }: IndexDescription): string {
  const fields = Object.entries(key).map(([name, direction]) => `\`${name}\`${direction === -1 ? ' descending' : ''}`);
  const options = [
    unique ? ['unique'] : [],
    partialFilterExpression ? ['partial'] : [],
    expireAfterSeconds === undefined ? [] : [`TTL ${expireAfterSeconds} s`],
  ].flat();
  return fields.join(', ') + (options.length > 0 ? ` (${options.join(', ')})` : '');
}
