// Makes a new mongod, started with `--replSet NAME`, a replica set of one member, and waits until it accepts writes. A
// mongod that is in a set already stays as it is.
//   node initiate-replica-set.mjs HOST:PORT NAME
// HOST is the name by which other processes reach it.
import { MongoClient } from 'mongodb';

const [host, name] = process.argv.slice(2);
const alreadyInitialized = 23;
const giveUpMs = performance.now() + 60_000;

/** Repeats `ask` while mongod starts or elects a primary. */
async function until(what, ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const says = `${what}: ${error.message}`;
      if (performance.now() > giveUpMs) throw new Error(says, { cause: error });
      console.log(`Waiting: ${says}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

const client = new MongoClient(`mongodb://${host}/?directConnection=true`, { serverSelectionTimeoutMS: 2_000 });
const admin = client.db('admin');
await until(`${host} does not answer`, async () => {
  await client.connect(); // a client whose first connection failed never connects again by itself
  await admin.command({ ping: 1 });
});
try {
  await admin.command({ replSetInitiate: { _id: name, members: [{ _id: 0, host }] } });
} catch (error) {
  if (error.code !== alreadyInitialized) throw error;
}
await until(`${host} has not become primary`, async () => {
  const { isWritablePrimary } = await admin.command({ hello: 1 });
  if (!isWritablePrimary) throw new Error('it is not primary');
});
await client.close();
console.log(`${host} takes writes`);
