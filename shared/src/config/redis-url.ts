/** One node of a Redis Cluster. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Parts of a `redis+cluster:` URL. */
export interface RedisClusterUrl {
  /** At least some of the nodes. The others are learned from these. */
  readonly nodes: readonly RedisNode[];
  readonly tls: boolean;
  /** User name and password are the same for all nodes. */
  readonly username?: string;
  readonly password?: string;
}

const defaultPort = 6_379;

export const isClusterUrl = (url: string): boolean => /^rediss?\+cluster:/.test(url);

/** Reads `redis[s]+cluster://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]`. Returns `undefined` for anything else. */
export function parseClusterUrl(url: string): RedisClusterUrl | undefined {
  const [, scheme = '', credentials = '', hosts] = /^(rediss?)\+cluster:\/\/([^@/,]*@)?([^@/]+)\/?$/.exec(url) ?? [];
  const found = hosts?.split(',').map((host) => parseNode(`redis://${credentials}${host}`));
  const [first] = found ?? [];
  if (!found || !first || !found.every((each) => each !== undefined)) return undefined;
  const { username, password } = first;
  return {
    nodes: found.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, '$1'), // the brackets belong to the URL
      port: port === '' ? defaultPort : Number(port),
    })),
    tls: scheme === 'rediss',
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
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
