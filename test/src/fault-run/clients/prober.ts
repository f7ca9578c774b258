import { send } from '../../world/clients/keybin-client.js';
import { Actor, type ActorParts } from './actor.js';

/** Longest pause between two requests of a prober, in ms. */
const thinkingMs = 100;

/** Status codes that each route may answer, whatever is down. */
const statuses = { '/livez': [200], '/readyz': [200, 503], '/metrics': [200] } as const;
const paths = Object.keys(statuses) as (keyof typeof statuses)[];

/** Scrapes and probes all APIs and workers, as Prometheus and a load balancer do. */
export class Prober extends Actor {
  constructor(parts: ActorParts) {
    super(parts, thinkingMs);
  }

  protected async step(): Promise<void> {
    const { history, random, service } = this.parts;
    const path = random.pick(paths);
    const url = random.pick([...service.urls, ...service.workerUrls]);
    const answer = await send(url, 'GET', path).catch(() => undefined); // the process was killed, or hangs
    if (!answer) return;
    history.probes++;
    const expected: readonly number[] = statuses[path];
    if (!expected.includes(answer.status)) history.unexpected.push(`GET ${path}: ${answer.status} ${answer.text}`);
  }
}
