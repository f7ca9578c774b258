import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { newV1Account } from '../../contract/v1/calls.js';
import { download, OpenUpload, uploadFile } from '../../contract/v1/upload-calls.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { times } from '../../world/times.js';

const megabyte = 1_000_000;

/**
 * Bytes sent of each upload before MongoDB hangs. After the larger number the next chunk waits for room, after the
 * smaller it is being written.
 */
const sentBefore = [megabyte, megabyte / 10];

describe('uploads to the scale-out engine, while MongoDB hangs,', () => {
  const world = new ScaleOutWorld({ services: ownServices, times, workers: 1 });

  for (const sentBytes of sentBefore) {
    it(`get 503 within 2 s, however many there are, and are accepted when it resumes, after ${sentBytes} bytes`, async function () {
      this.timeout(60_000);
      const { v1Token: token } = await newV1Account(world.here);
      const bytes = randomBytes(2 * megabyte);
      const { file_id: id } = await uploadFile(world.here, token, bytes);
      const uploads = Array.from({ length: 12 }, () => new OpenUpload(world.here.baseUrl, token));
      await Promise.all(uploads.map((upload) => upload.send(randomBytes(sentBytes))));
      const { mongod } = world.services;
      await mongod.kill('SIGSTOP');
      try {
        const startedMs = performance.now();
        const answers = await Promise.all(
          uploads.map(async (upload) => {
            await upload.send(randomBytes(2 * megabyte)).catch(() => {});
            const { status } = await upload.end();
            return { status, tookMs: performance.now() - startedMs };
          }),
        );
        expect(answers.map(({ status }) => status)).to.deep.equal(Array(12).fill(503));
        for (const { tookMs } of answers) expect(tookMs).to.be.below(longestAnswerMs);
        const readMs = performance.now();
        expect((await download(world.there, token, id)).status).to.equal(503);
        expect(performance.now() - readMs).to.be.below(longestAnswerMs);
      } finally {
        await mongod.kill('SIGCONT');
      }
      await eventually(async () => (await download(world.there, token, id)).bytes.equals(bytes), 'reads to go on');
      await eventually(() => uploadFile(world.here, token, bytes), 'uploads to go on');
    });
  }
});
