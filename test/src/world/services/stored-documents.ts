import { MongoClient, type Document } from 'mongodb';
import type { Services } from './services.js';

/** Returns the documents in MongoDB's collection of entries whose IDs match, tombstones included. */
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
