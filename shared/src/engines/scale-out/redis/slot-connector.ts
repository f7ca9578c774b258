import { createConnection, Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { ClusterSlots } from './cluster-slots.js';

/** A stream that is left so long to end by itself. */
const disconnectTimeoutMs = 2_000;

/**
 * A connector of ioredis that reaches the node which has the slot of `key`, and breaks the connection when another node has it: the
 * client connects again, to that one. So a client of one node follows its slot, and nothing that it has sent is ever sent on to
 * another node.
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

    /** Never throws, for then ioredis would not try again: it does after a stream that broke. */
    async #open(): Promise<Socket> {
      try {
        const slot = await map.slotOf(key);
        const node = await map.nodeOf(slot);
        const stream = map.access.tls ? connectByTls({ ...node, servername: node.host }) : createConnection(node);
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

/** An answer of a node that does not have the slot, or not as a master: the client has to connect again, and ask anew. */
export const isElsewhere = (error: Error): boolean => /^(MOVED|CLUSTERDOWN|READONLY)\b/.test(error.message);
