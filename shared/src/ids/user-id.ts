/** Pattern of user ids, which are UUIDs, for a larger regular expression. */
export const userIdPattern = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const userId = new RegExp(`^${userIdPattern}$`);

/** True if the text has the form of a user id. A username may have it, too. */
export const isUserId = (text: string): boolean => userId.test(text);
