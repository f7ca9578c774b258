import { setTimeout as delay } from 'node:timers/promises';
import { v1Token, post } from '../../contract/v1/calls.js';
import { entryPath, KeybinClient } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { bringBack, expectUnavailable, unavailableAsJson } from '../support/answers.js';

const mib = 2 ** 20;
/** Slightly less than a body waits for room, in ms. */
const waitMs = 900;

describe('while Redis hangs', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const world = new ScaleOutWorld({ services: ownServices, times });

  it('a large body that has waited for memory is refused in time as well', async () => {
    const api = await world.startApi({ KEYBIN_LIMITS_BODIES_BYTES: '1MiB' });
    const client = new KeybinClient(api.url);
    const account = await client.newAccount();
    const v1 = await v1Token(client, account);
    const holder = await RawConnection.open(api.url);
    const head = ['Host: test', 'Content-Type: application/json', `Content-Length: ${mib}`, 'Expect: 100-continue'];
    holder.send(`POST ${entryPath(account.token, 'key')} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
    await holder.answers(1); // it holds all the room now
    await world.services.redis.kill('SIGSTOP');

    const large = 'x'.repeat(mib / 4);
    const refused = Promise.all([
      expectUnavailable({ put: () => client.put(account.token, 'key', large) }),
      expectUnavailable({ post: () => post(client, v1, large) }, unavailableAsJson),
    ]);
    await Promise.race([delay(waitMs), refused]);
    holder.destroy();
    await refused;
    await bringBack(world.services.redis, 'SIGCONT');
    await api.stop();
  });
});
