/** What is used of it; it has no types of its own. */
declare module 'fs-native-extensions' {
  /** Whether the whole file is locked now, for this descriptor alone, which may have it locked already. */
  export function tryLock(descriptor: number): boolean;
  /** Resolves when it is. Waits in a thread of libuv's. */
  export function waitForLock(descriptor: number): Promise<void>;
  export function unlock(descriptor: number): void;
}
