import { send } from '../../world/clients/keybin-client.js';
import { Actor, type ActorParts } from './actor.js';

/** Longest pause between two requests of a prober, in ms. */
const thinkingMs = 100;

const paths = ['/livez', '/readyz', '/metrics'] as const;

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
    const mayBeRefused = path === '/readyz' || (path === '/metrics' && service.addsUpMetrics);
    if (answer.status !== 200 && !(mayBeRefused && answer.status === 503))
      history.unexpected.push(`GET ${path}: ${answer.status} ${answer.text}`);
  }
}
