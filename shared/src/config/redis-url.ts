/** One node of a Redis Cluster. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Addresses of several servers. User name and password are those of each Redis. */
interface RedisNodes {
  /** Some of the nodes, or of the sentinels. The others are learned from these. */
  readonly nodes: readonly RedisNode[];
  readonly username?: string;
  readonly password?: string;
}

/** Parts of a `redis+cluster:` URL. */
export type RedisClusterUrl = RedisNodes;

/** Parts of a `redis+sentinel:` URL. `nodes` are the sentinels, which take no password. */
export interface RedisSentinelUrl extends RedisNodes {
  /** Name of the primary, as the sentinels know it. */
  readonly name: string;
}

const defaultPorts = { cluster: 6_379, sentinel: 26_379 } as const;
const sentinelName = /^[\w.-]+$/;

/** Returns true if connections to this URL, of one server or several, use TLS. */
export const isTlsUrl = (url: string): boolean => /^rediss[+:]/.test(url);

/** Returns true if the text begins as a URL of several servers. */
export const isUrlOfSeveral = (text: string): boolean => /^rediss?\+(cluster|sentinel):/.test(text);

/** Reads `redis[s]+cluster://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]`. Returns `undefined` for anything else. */
export function parseClusterUrl(url: string): RedisClusterUrl | undefined {
  const [path, nodes] = parseSeveral(url, 'cluster') ?? [];
  return path === '' ? nodes : undefined;
}

/**
 * Reads `redis[s]+sentinel://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/NAME`. Returns `undefined` for anything
 * else.
 */
export function parseSentinelUrl(url: string): RedisSentinelUrl | undefined {
  const [name = '', nodes] = parseSeveral(url, 'sentinel') ?? [];
  return nodes && sentinelName.test(name) ? { ...nodes, name } : undefined;
}

function parseSeveral(url: string, kind: 'cluster' | 'sentinel'): [path: string, nodes: RedisNodes] | undefined {
  const pattern = /^rediss?\+(cluster|sentinel):\/\/([^@/,]*@)?([^@/]+)(?:\/([^/]*))?$/;
  const [, named, credentials = '', hosts, path = ''] = pattern.exec(url) ?? [];
  const found = hosts?.split(',').map((host) => parseNode(`redis://${credentials}${host}`));
  const [first] = found ?? [];
  if (named !== kind || !found || !first || !found.every((each) => each !== undefined)) return undefined;
  const { username, password } = first;
  const nodes = {
    nodes: found.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, '$1'), // the brackets belong to the URL
      port: port === '' ? defaultPorts[kind] : Number(port),
    })),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
  return [path, nodes];
}

const parseNode = (url: string): URL | undefined => (isRedisUrl(url) ? new URL(url) : undefined);

/** Returns true if the text is `redis[s]://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`. */
export function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\/[^/\s]/.test(text) || !URL.canParse(text)) return false;
  const { hostname, port, username, password, pathname } = new URL(text);
  return (
    // a comma would be a second host
    hostname !== '' &&
    !/[,\s]/.test(hostname) &&
    port !== '0' &&
    isPercentEncoded(`${username}:${password}`) &&
    /^(\/\d{0,5})?$/.test(pathname)
  );
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
