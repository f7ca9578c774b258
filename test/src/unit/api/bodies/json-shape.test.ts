import { expect } from 'chai';
import { assert, integer, jsonValue, property, string } from 'fast-check';
import { jsonShape } from '@keybin/api/bodies/json-shape.js';

/** Levels of a parsed value. */
function levelsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
}

/** Number of values below a parsed value. */
function nodesBelow(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, member) => sum + 1 + nodesBelow(member), 0);
}

describe('the shape of a JSON text', () => {
  it('has the levels and the nodes of the value, with spaces or without', () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), integer({ min: 0, max: 2 }), (value, spaces) => {
        const text = JSON.stringify(value, undefined, spaces);
        const shape = { levels: levelsOf(JSON.parse(text)), nodes: nodesBelow(JSON.parse(text)), hasInfinity: false };
        expect(jsonShape(text)).to.deep.equal(shape);
      }),
    );
  });

  it('knows the numbers that no double holds, outside of strings', () => {
    const large = ['1e309', '-1E+400', '1'.padEnd(310, '0'), `${'9'.repeat(200)}.5e200`, '0.1e99999'];
    for (const number of large) {
      for (const text of [`[1,${number}]`, `{"a":${number} }`, `[\n${number},1]`]) {
        expect(jsonShape(text).hasInfinity, number).to.equal(true);
      }
      expect(jsonShape(`{"${number}":"\\"${number}"}`).hasInfinity, number).to.equal(false);
    }
    for (const number of ['1e308', '1e-999', '0e999', '12345', '1.7976931348623157e308', '1'.padEnd(309, '0')]) {
      expect(jsonShape(`[${number}]`).hasInfinity, number).to.equal(false);
    }
  });

  it('counts no further than asked', () => {
    expect(jsonShape(`[${'1,'.repeat(1_000)}1]`, 10).nodes).to.equal(11);
  });

  it('ends for any text', () => {
    assert(
      property(string(), (text) => {
        expect(jsonShape(text).nodes).to.be.at.most(text.length);
      }),
    );
    for (const text of ['"', '"\\', '{"a', '[-', '1e', ']]]]', '']) jsonShape(text);
  });
});
