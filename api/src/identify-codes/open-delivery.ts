import type { Config } from '@keybin/shared/config/config.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { CodeDelivery, SentCode } from './delivery.js';

/** Opens the delivery that the settings name. Loads the webhook's client only if it is used. */
export async function openDelivery(settings: Config['v1'], log: Log): Promise<CodeDelivery> {
  const { codeDelivery, webhookUrl: url, webhookSecret: secret, webhookTimeoutSeconds: timeoutSeconds } = settings;
  if (codeDelivery === 'response') return { deliver: async ({ code }) => code, close };
  if (codeDelivery === 'log') return { deliver: async (code) => print(log, code), close };
  if (url === undefined || secret === undefined) throw new Error('A webhook requires a URL and a secret');
  const { Webhook } = await import('./webhook.js');
  return new Webhook({ url, secret, timeoutSeconds }, log);
}

const close = async () => {};

/** Logs a code, so that a service can be tried out. Nothing else logs one. */
function print(log: Log, { username, code }: SentCode): null {
  const unmasked = log.child({}, { redact: [] });
  unmasked.info({ accout: username, identify_code: code }, 'Identify code');
  return null;
}
