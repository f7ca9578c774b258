import { expect } from 'chai';
import { accountOfSuite } from '../subjects/account-of-suite.js';

/** JSON text as it is sent, and as it is answered if that differs. */
const kept: readonly (readonly [string, string, string?])[] = [
  ['an empty string', '""'],
  ['0', '0'],
  ['false', 'false'],
  ['an empty object', '{}'],
  ['an empty array', '[]'],
  ['nulls inside', '[null,{"a":null}]'],
  ['NUL in a string', String.raw`"a\u0000b"`],
  ['NUL in the name of a member', String.raw`{"a\u0000b":1}`],
  ['a lone surrogate', String.raw`"a\ud800b"`],
  ['lone surrogates in names of members', String.raw`{"\udc00":1,"\ud800":2}`],
  ['a member named __proto__', '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}'],
  ['members that mean something to databases', '{"$set":{"a":1},"_bsontype":"ObjectId","a.b":1,"":2}'],
  ['characters beyond the first plane', '"👩‍🚀\u2028𝒳"'],
  ['a number beyond 2^53, as JavaScript prints it', '9007199254740993', '9007199254740992'],
  ['a large exponent, as JavaScript prints it', '[1e21,1E2,1.50]', '[1e+21,100,1.5]'],
  ['minus zero, as JavaScript prints it', '-0', '0'],
  ['a number too small for a double, as JavaScript prints it', '1e-400', '0'],
  ['1,000 levels', '['.repeat(1_000) + ']'.repeat(1_000)],
];

const tooDeep = 'Value is nested too deeply';

const refused: readonly (readonly [string, string, string])[] = [
  ['1,001 levels of arrays', '['.repeat(1_001) + ']'.repeat(1_001), tooDeep],
  ['1,001 levels of objects', `${'{"a":'.repeat(1_001)}1${'}'.repeat(1_001)}`, tooDeep],
  ['500,000 levels', '['.repeat(500_000) + ']'.repeat(500_000), tooDeep],
  ['a number that no double holds', '{"a":[1e400]}', 'Value holds a number beyond the range of a double'],
];

export function oddValues(url: () => string): void {
  describe('in values', () => {
    const given = accountOfSuite(url);

    const post = async (key: string, value: string) =>
      given.client.send('POST', `/user/${given.account.token}/store/${key}`, {
        headers: { 'content-type': 'application/json' },
        body: `{"value":${value}}`,
      });

    for (const [what, sent, answered = sent] of kept) {
      it(`keeps ${what}`, async () => {
        expect((await post('odd', sent)).text).to.equal('{"result":"ok"}');
        expect((await given.client.get(given.account.token, 'odd')).text).to.equal(`{"value":${answered}}`);
      });
    }

    for (const [what, sent, message] of refused) {
      it(`refuses ${what}`, async () => {
        const answer = await post('kept', sent);
        expect([answer.status, answer.text]).to.deep.equal([400, message]);
        expect((await given.client.get(given.account.token, 'kept')).json).to.deep.equal({ value: 'kept' });
      });
    }

    it('refuses numbers that grow beyond the limit when they are printed', async () => {
      const answer = await post('kept', `[${Array.from({ length: 150_000 }, () => '1e20').join(',')}]`);
      expect([answer.status, answer.text]).to.deep.equal([413, 'Request body is larger than 1048576 bytes']);
    });
  });
}
