/** Text of a setting and the place where it was found, for messages. */
export interface RawSetting {
  readonly text: string;
  /** Place, such as `[APP] port (store.cfg, line 3)` or `KEYBIN_APP_PORT`. */
  readonly origin: string;
  /** True if no message may show the text: it comes from a file of its own, perhaps not the intended one. */
  readonly secret?: boolean;
}

/** Given settings by `SECTION.key`, unchecked, and a sentence for each problem that prevented reading. */
export interface RawSettings {
  readonly given: ReadonlyMap<string, RawSetting>;
  readonly problems: readonly string[];
}

export const nameOf = (section: string, key: string) => `${section}.${key}`;
