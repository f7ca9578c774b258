import { isUtf8 } from 'node:buffer';
import { parse, type BasicAuthResult } from 'basic-auth';

/**
 * Returns the name and the password in a header of Basic authentication (RFC 7617). They are UTF-8, as the challenge
 * says, or else Latin-1: some clients have sent that for as long as Basic exists.
 */
export function parseBasic(header: string): BasicAuthResult | undefined {
  const [, scheme = '', encoded = ''] = /^( *basic +)(\S+)/i.exec(header) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (isUtf8(bytes)) return parse(header);
  return parse(`${scheme}${Buffer.from(bytes.toString('latin1')).toString('base64')}`);
}
