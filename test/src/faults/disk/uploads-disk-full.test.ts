import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectV1Error, newV1Account } from '../../contract/v1/calls.js';
import { action, download, fileOf, sendForm, uploadFile } from '../../contract/v1/upload-calls.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { SmallDisk } from '../../world/disks/small-disk.js';
import { filesIn } from '../../unit/files/files-in.js';

const megabyte = 1_000_000;

describe('uploads to an embedded engine on a full disk', () => {
  const disk = new SmallDisk(32 * megabyte);

  it('get 507, leave nothing, and are accepted once there is space again', async () => {
    const directory = join(disk.path, 'data');
    const api = await spawnApi({ env: { KEYBIN_STORE_HOST: `lmdb://${directory}` } });
    try {
      const client = new KeybinClient(api.url);
      const { v1Token: token } = await newV1Account(client);
      const bytes = randomBytes(megabyte);
      const kept = await uploadFile(client, token, bytes);
      disk.fill(4 * megabyte);
      for (let attempt = 0; attempt < 3; attempt++) {
        const answer = await sendForm(client, token, [action, fileOf(randomBytes(10 * megabyte))]);
        expectV1Error(answer, 507, 'Storage is full');
        expect(filesIn(directory)).to.deep.equal([kept.file_id]);
      }
      expect((await download(client, token, kept.file_id)).bytes.equals(bytes)).to.equal(true);
      disk.makeRoom();
      const later = await eventually(
        () => uploadFile(client, token, randomBytes(10 * megabyte)),
        'uploads to be taken',
      );
      expect(filesIn(directory)).to.have.members([kept.file_id, later.file_id]);
    } finally {
      await api.stop();
    }
  });
});
