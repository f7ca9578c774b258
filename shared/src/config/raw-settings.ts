/** The text of a setting and where it was found, for messages. */
export interface RawSetting {
  readonly text: string;
  /** Such as `[APP] port (store.cfg, line 3)` or `KEYBIN_APP_PORT`. */
  readonly origin: string;
  /** The text comes from a file of its own, perhaps not the one that was meant: no message may show it. */
  readonly secret?: boolean;
}

/** The settings that were given, by `SECTION.key`, unchecked; and a sentence for each thing that could not even be read. */
export interface RawSettings {
  readonly given: ReadonlyMap<string, RawSetting>;
  readonly problems: readonly string[];
}

export const nameOf = (section: string, key: string) => `${section}.${key}`;
