/**
 * In Redis and in MongoDB a post is an entry whose key no entry can have, after all that entries can have: so whatever holds for
 * entries on their way holds for posts.
 */
const mark = '~';

export const postKey = (id: string) => mark + id;
export const postIdOf = (key: string) => key.slice(mark.length);
