import { RawConnection } from '../../world/clients/raw-connection.js';
import type { ApiProcess } from '../../world/processes/keybin-process.js';

/** Sends half a request, which a drain waits for. Resolves once the server has confirmed that it read the head. */
export async function halfRequest({ url }: ApiProcess): Promise<RawConnection> {
  const connection = await RawConnection.open(url);
  const head = ['Host: test', 'Content-Type: application/json', 'Content-Length: 9', 'Expect: 100-continue'];
  connection.send(`POST /register HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
  await connection.answers(1);
  connection.send('{');
  return connection;
}
