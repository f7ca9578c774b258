import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectV1Error, newV1Account } from '../../contract/v1/calls.js';
import { uploadFile, uploadPath } from '../../contract/v1/upload-calls.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('downloads from an embedded engine whose disk hangs', () => {
  it('get 503 within 2 s, without headers of the file', async () => {
    const directory = temporaryDirectory();
    const api = await spawnApi({ env: { KEYBIN_STORE_HOST: `lmdb://${directory}` } });
    const client = new KeybinClient(api.url);
    const { v1Token: token } = await newV1Account(client);
    const { file_id: id } = await uploadFile(client, token, 'content');
    const path = join(directory, 'files', id.slice(-2), id);
    rmSync(path);
    // Opening it blocks, as on a disk that hangs, until another process opens it for writing
    execFileSync('mkfifo', [path]);
    try {
      const startedMs = performance.now();
      const answer = await client.send('GET', uploadPath(token, id));
      expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
      expectV1Error(answer, 503, 'Service unavailable, try again later');
      expect(answer.headers).to.not.have.property('content-disposition');
    } finally {
      closeSync(openSync(path, 'r+'));
      await api.stop();
    }
  });
});
