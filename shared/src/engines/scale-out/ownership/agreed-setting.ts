import type { Collection } from 'mongodb';
import type { SettingDocument } from '../mongodb/documents.js';
import { isDuplicateError } from '../mongodb/errors.js';

/** Returns the value that all processes have agreed on. Stores `first` if there is none yet. */
export async function agreedSetting<Value extends SettingDocument['value']>(
  settings: Collection<SettingDocument>,
  id: string,
  first: Value,
): Promise<Value> {
  try {
    const stored = await settings.findOne({ _id: id });
    if (stored) return stored.value as Value; // only this function and its callers write it
    await settings.insertOne({ _id: id, value: first });
    return first;
  } catch (error) {
    if (!isDuplicateError(error)) throw error;
    return agreedSetting(settings, id, first);
  }
}
