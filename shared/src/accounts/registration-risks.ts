import type { Config } from '../config/config.js';

export interface RegistrationRisk {
  /** Risk in one line. */
  readonly says: string;
  /** Advice what to do about it. */
  readonly remedy: string;
}

/** Returns true for an address or name that only this machine can reach. */
export const isLoopback = (host: string): boolean => /^(127\.|localhost$|::1$|\[::1\]$)/.test(host);

/** Returns the ways in which the settings let strangers get an identify code, or register without one. */
export function registrationRisks({
  accounts: { registration },
  app: { dialects, host, trustProxy },
  v1: { codeDelivery },
}: Pick<Config, 'accounts' | 'app' | 'v1'>): RegistrationRisk[] {
  if (registration === 'off' || !dialects.includes('v1')) return [];
  const risks: RegistrationRisk[] = [];
  if (codeDelivery !== 'webhook' && (!isLoopback(host) || trustProxy > 0)) {
    const reached = trustProxy > 0 ? 'is behind a proxy' : `listens on ${host}`;
    const readers = codeDelivery === 'log' ? 'all who can read the log' : 'anyone who asks for it';
    risks.push({
      says: `[V1] code_delivery = ${codeDelivery}, and the API ${reached}: ${readers} can get an identify code`,
      remedy: 'set it to webhook if only people that you know may register in /v1',
    });
  }
  const others = dialects.filter((dialect) => dialect !== 'v1');
  if (codeDelivery === 'webhook' && registration === 'open' && others.length > 0) {
    risks.push({
      says: `[ACCOUNTS] registration = open, and [APP] dialects has ${others.join(', ')}: clients can register there without an identify code`,
      remedy: 'set [ACCOUNTS] registration to code, or [APP] dialects to v1',
    });
  }
  return risks;
}
