import { expect } from 'chai';
import { entryPath, type Answer } from '../../world/clients/keybin-client.js';
import { expectDone, expectJson } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

/** JSON texts that are answered exactly as they were sent. */
const exact: Readonly<Record<string, readonly string[]>> = {
  strings: [
    '""',
    '"plain"',
    '" white  space "',
    '"\\u0000\\u0001"',
    '"\\n\\t\\"\\\\"',
    '"é 日本 🗝"',
    '"\u2028\u2029"',
    '"null"',
  ],
  'lone surrogates': ['"\\ud800"', '"a\\udc00b"', '{"\\ud800":"\\udfff"}'],
  numbers: ['0', '1', '-1', '1.5', '0.1', '5e-324', '1.7976931348623157e+308', '9007199254740991', '-9007199254740991'],
  booleans: ['true', 'false'],
  'arrays and objects': [
    '[]',
    '{}',
    '[[],[[]],{}]',
    '[null,false,0,""]',
    '{"a":null}',
    '{"a":{"b":[{"c":"d"}]}}',
    '{"":""}',
  ],
  'members that mean something elsewhere': [
    '{"__proto__":1}',
    '{"__proto__":{"admin":true},"a":[{"__proto__":null}]}',
    '{"constructor":{"prototype":{}}}',
    '{"_bsontype":"ObjectId","$set":{"a.b":1},"$where":"1"}',
    '{"\\u0000":"\\u0000","a\\u0000b":1}',
    '{"toJSON":1,"then":2,"length":3}',
  ],
  'members in their order': ['{"z":1,"a":2,"m":3}'],
};

/**
 * JSON texts that are answered in another form. Numbers are printed as by JavaScript, the last of repeated members
 * counts, members named like array indices come first and in their order, and white space is removed.
 */
const normalised: readonly (readonly [sent: string, answered: string])[] = [
  ['9007199254740993', '9007199254740992'],
  ['123456789012345678901234567890', '1.2345678901234568e+29'],
  ['1.0', '1'],
  ['1E3', '1000'],
  ['-0', '0'],
  ['1e-400', '0'],
  ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
  ['{"__proto__":1,"__proto__":2}', '{"__proto__":2}'],
  ['{"2":"b","1":"a"}', '{"1":"a","2":"b"}'],
  ['{"b":1,"4294967294":2,"10":3,"9":[{"1":1,"0":0}]}', '{"9":[{"0":0,"1":1}],"10":3,"4294967294":2,"b":1}'],
  ['{"4294967295":1,"-1":2,"01":3,"1.5":4}', '{"4294967295":1,"-1":2,"01":3,"1.5":4}'],
  [' [ 1 , 2 ] ', '[1,2]'],
  ['"\\u0041\\/"', '"A/"'],
];

export function valuesContract(subject: Subject): void {
  const putText = (token: string, key: string, json: string): Promise<Answer> =>
    subject.here.send('POST', entryPath(token, key), {
      body: `{"value":${json}}`,
      headers: { 'content-type': 'application/json' },
    });

  /** Writes each text and reads it through the other process, both at once and after all has settled. */
  async function expectAnswers(cases: readonly (readonly [sent: string, answered: string])[]): Promise<void> {
    const { token } = await subject.here.newAccount();
    for (const [index, [sent]] of cases.entries()) expectDone(await putText(token, `k${index}`, sent));
    const look = async () => {
      for (const [index, [, answered]] of cases.entries()) {
        expectJson(await subject.there.get(token, `k${index}`), `{"value":${answered}}`);
      }
    };
    await look();
    await subject.settle();
    await look();
  }

  describe('values', () => {
    for (const [kind, texts] of Object.entries(exact)) {
      it(`come back as they were sent: ${kind}`, () => expectAnswers(texts.map((text) => [text, text])));
    }

    it('come back as JavaScript reads them', () => expectAnswers(normalised));

    it('take the last of repeated values', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await putText(token, 'a', '1,"value":2'));
      expectJson(await subject.there.get(token, 'a'), '{"value":2}');
    });

    it('may change their type with each write', async () => {
      const { token } = await subject.here.newAccount();
      for (const text of ['{"a":1}', '"text"', '0', 'false', '[1]', '""']) {
        expectDone(await putText(token, 'a', text));
        expectJson(await subject.there.get(token, 'a'), `{"value":${text}}`);
      }
    });

    it('may be 1,000 levels deep', async () => {
      const deep = `${'['.repeat(999)}{}${']'.repeat(999)}`;
      await expectAnswers([[deep, deep]]);
    });

    it('may fill the body to its limit', async () => {
      const { token } = await subject.here.newAccount();
      const value = 'x'.repeat(1024 * 1024 - '{"value":""}'.length);
      expectDone(await subject.here.put(token, 'a', value));
      const look = async () => {
        const { text } = await subject.there.get(token, 'a');
        expect(text === JSON.stringify({ value })).to.equal(true);
      };
      await look();
      await subject.settle();
      await look();
    });
  });
}
