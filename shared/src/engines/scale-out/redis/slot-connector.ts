import { createConnection, isIP, Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { RedisNode } from '../../../config/redis-url.js';
import type { ClusterSlots } from './cluster-slots.js';

/** Longest time for a stream to end by itself. */
const disconnectTimeoutMs = 2_000;

/**
 * Returns an ioredis connector that reaches the node with the slot of `key`. It breaks the connection when another node
 * has the slot, so that the client connects to that node. A client thus follows its slot, and nothing it has sent is
 * forwarded to another node.
 */
export function slotConnector(map: ClusterSlots, key: string): NonNullable<RedisOptions['Connector']> {
  return class SlotConnector extends AbstractConnector {
    constructor() {
      super(disconnectTimeoutMs);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      this.stream = await this.#open();
      if (!this.connecting) this.stream.destroy();
      return this.stream;
    }

    /** Opens a stream. Never throws, because ioredis retries only after a stream that broke. */
    async #open(): Promise<Socket> {
      try {
        const slot = await map.slotOf(key);
        const node = await map.nodeOf(slot);
        const { tls } = map.access;
        const stream = tls ? connectByTls({ ...tls, ...node, ...nameOf(node) }) : createConnection(node);
        stream.once('error', (error) => (this.firstError = error));
        const stop = map.watch(slot, node, () => stream.destroy(new Error('the slot has moved to another node')));
        stream.once('close', stop);
        return stream;
      } catch (error) {
        this.firstError = error instanceof Error ? error : new Error(String(error));
        return new Socket().destroy();
      }
    }
  };
}

/** Returns the name of a node for the handshake of TLS, which allows no address there: RFC 6066, section 3. */
const nameOf = ({ host }: RedisNode) => (isIP(host) === 0 ? { servername: host } : {});

/** True if the server does not have the slot, or is a replica. The client must then reconnect, and ask anew. */
export const isElsewhere = (error: Error): boolean => /^(MOVED|CLUSTERDOWN|READONLY)\b/.test(error.message);
