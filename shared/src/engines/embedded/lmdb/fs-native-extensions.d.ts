/** Types of the functions that Keybin uses; the package has none. */
declare module 'fs-native-extensions' {
  /** Returns true if this descriptor now has the whole file locked, even if it had before. */
  export function tryLock(descriptor: number): boolean;
  /** Resolves when the descriptor has the lock. Waits in a thread of libuv's pool. */
  export function waitForLock(descriptor: number): Promise<void>;
  export function unlock(descriptor: number): void;
}
