import type { Collection, Document, Filter } from 'mongodb';

/** Deletes all documents that match, `atOnce` with one command, so that no command takes long. */
export async function deleteDocuments<D extends Document>(
  collection: Collection<D>,
  filter: Filter<D>,
  atOnce: number,
): Promise<void> {
  for (;;) {
    const found = await collection.find(filter, { projection: { _id: 1 }, limit: atOnce }).toArray();
    const ids = found.map(({ _id }) => _id);
    // The driver's types do not see that a filter by id fits any document
    if (ids.length > 0) await collection.deleteMany({ _id: { $in: ids } } as unknown as Filter<D>);
    if (ids.length < atOnce) return;
  }
}

/** Number of chunks deleted at once. Each has half a megabyte. */
export const chunksAtOnce = 100;
