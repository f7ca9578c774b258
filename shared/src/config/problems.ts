import leven, { closestMatch } from 'leven';
import type { RawSetting } from './raw-settings.js';
import { maskCredentials } from './url-kinds.js';

/** Longest text of a value that a problem shows, in characters. */
const seenLength = 120;

/** Returns the sentence for a value that is not accepted. A `secret` value is not shown. */
export function notAcceptedProblem(given: RawSetting, accepted: string, secret = false): string {
  return `${given.origin}: ${seen(secret ? { ...given, secret } : given)} is not accepted; accepted: ${accepted}`;
}

/** Returns the sentence for a setting that does not exist. It lists the settings of the same section. */
export function noSuchSettingProblem(given: RawSetting, name: string, names: readonly string[]): string {
  const looksSecret = /pass|secret|token$/i.test(name);
  const nearest = closestMatch(name, names, { maxDistance: mostMistakes(name) });
  const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  const value = seen({ ...given, secret: given.secret === true || looksSecret });
  return `${given.origin}: ${value} is set, but there is no such setting${hint}; accepted: ${names.join(', ')}`;
}

const mostMistakes = (name: string) => Math.ceil(name.length / 3);

/** Returns true if the text is a misspelt `name`. */
export const isNearly = (text: string, name: string): boolean => leven(text, name) <= mostMistakes(name);

function seen({ text, secret }: RawSetting): string {
  return secret ? 'its value' : shown(text);
}

/** Returns the text in quotes, shortened and without credentials. */
export function shown(text: string): string {
  const masked = maskCredentials(text);
  return JSON.stringify(masked.length > seenLength ? `${masked.slice(0, seenLength)}...` : masked);
}
