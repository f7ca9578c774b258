import type { Account } from '@keybin/shared/ports/engine.js';

/** Returns an account with this name and password hash. */
export const account = (username: string, passwordHash = `hash of ${username}`): Account => ({
  userId: `id of ${username}`,
  number: 1,
  objectId: '',
  username,
  passwordHash,
  createdAt: new Date(),
  disabled: false,
  generation: 0,
});
