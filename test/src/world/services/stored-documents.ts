import { MongoClient, type Document } from 'mongodb';
import type { Services } from './services.js';

/** What MongoDB's collection of entries holds under ids that match, tombstones included. */
export async function storedDocuments(services: Services, id: RegExp): Promise<Document[]> {
  const client = new MongoClient(services.mongoUrl);
  try {
    return await client
      .db(services.database)
      .collection<{ _id: string }>('store')
      .find({ _id: { $regex: id } })
      .toArray();
  } finally {
    await client.close();
  }
}
