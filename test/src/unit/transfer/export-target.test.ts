import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inNewFile } from '@keybin/cli/transfer/export-target.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('The file of an export', () => {
  it('belongs to one of the exports that end together, and the others fail', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'export.ndjson');
    const names = Array.from({ length: 8 }, (_, index) => `export ${index}`);
    const targets = await Promise.all(names.map(() => inNewFile(file, () => () => {})));
    await Promise.all(targets.map((target, index) => target.write(Buffer.from(names[index] ?? ''))));
    const ends = await Promise.allSettled(targets.map((target) => target.finish()));
    await Promise.all(targets.map((target) => target.close()));
    const done = names.filter((_, index) => ends[index]?.status === 'fulfilled');
    expect(done).to.deep.equal([readFileSync(file, 'utf8')]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).to.match(/already exists/);
    expect(readdirSync(directory)).to.deep.equal(['export.ndjson']);
  });
});
