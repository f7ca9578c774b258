/** A request that mutations can change piece by piece before it is sent. */
export interface FuzzRequest {
  /** Route that the request is made for. */
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** Text after `?`. */
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  /** True if nothing was changed. */
  readonly isWhole: boolean;
  /** True if the bytes are HTTP and complete, so there must be an answer. */
  readonly isHttp: boolean;
  /** Changes the bytes last, before they are sent. */
  readonly spoil?: (bytes: Buffer) => Buffer;
}

export function jsonBody(json: unknown): Pick<FuzzRequest, 'headers' | 'body'> {
  return { headers: [['Content-Type', 'application/json']], body: Buffer.from(JSON.stringify(json)) };
}

/** Returns the bytes to send. */
export function bytesOf({ method, path, query, headers, body, spoil }: FuzzRequest): Buffer {
  const target = query === '' ? path : `${path}?${query}`;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const own: [string, string][] = [];
  if (!names.has('host')) own.push(['Host', 'keybin.example']);
  if (body && !names.has('content-length') && !names.has('transfer-encoding')) {
    own.push(['Content-Length', String(body.length)]);
  }
  if (!names.has('connection')) own.push(['Connection', 'close']);
  const lines = [`${method} ${target} HTTP/1.1`, ...[...headers, ...own].map(([name, value]) => `${name}: ${value}`)];
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
  return spoil ? spoil(bytes) : bytes;
}
