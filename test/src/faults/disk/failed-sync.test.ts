import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Transactions } from '@keybin/shared/engines/embedded/transactions/transactions.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { expect } from 'chai';
import { FaultyDisk } from '../../world/disks/faulty-disk.js';
import { programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';
import { ownParts } from '../../unit/embedded/parts.js';
import { closeStores } from '../../unit/embedded/store.js';
import type { TwoPutsInFlight } from './two-puts-in-flight.js';

const program = fileURLToPath(new URL('./two-puts-in-flight.js', import.meta.url));

async function twoPutsInFlight(refused: 'one' | 'two', when: 'later' | 'first'): Promise<TwoPutsInFlight> {
  const disk = new FaultyDisk();
  const args = [program, temporaryDirectory(), disk.directory, refused, when];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...disk.env } });
  return JSON.parse(stdout) as TwoPutsInFlight; // printed by the program
}

describe('embedded engine, with two transactions of puts in flight of which the disk refuses one', () => {
  programs('gcc');
  afterEach(closeStores);

  it('answers each by its outcome', async () => {
    expect(await twoPutsInFlight('one', 'later')).to.deep.equal({ one: 'unavailable', stored: ['earlier', 'two'] });
    expect(await twoPutsInFlight('two', 'later')).to.deep.equal({ two: 'unavailable', stored: ['earlier', 'one'] });
  });

  describe('the first transaction runs alone', () => {
    it('so that its outcome is known before the second one begins', async () => {
      const { transactions, databases } = ownParts(undefined, { alone: true });
      let inFlight = 0;
      const seen: number[] = [];
      const put: Transactions['put'] = async (steps) => {
        seen.push((inFlight += 1));
        const answer = await (transactions.put?.(steps) ?? Promise.reject(new Error('other processes may write')));
        inFlight -= 1;
        return answer;
      };
      const writes = new EmbeddedGroupCommit({ ...transactions, put }, { timeoutMs: times.answerMs });
      const client = async (_: unknown, index: number) => {
        for (let write = 0; write < 50; write++) {
          await writes.put(() => void databases.entries.put(`key${index}`, `${write}`));
        }
      };
      await Promise.all(Array.from({ length: 64 }, client));
      expect(seen.slice(0, 2)).to.deep.equal([1, 1]);
      expect(seen).to.include(2);
    });

    it('and next to another one lmdb would take the outcome of the second for that of the first', async () => {
      expect(await twoPutsInFlight('one', 'first')).to.deep.equal({ stored: ['two'] });
    });
  });
});
