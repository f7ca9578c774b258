import { expect } from 'chai';
import { assert, jsonValue, property } from 'fast-check';
import { valueText } from '@keybin/api/bodies/value-text.js';
import { KeybinError } from '@keybin/shared/errors.js';

const limitBytes = 1_048_576;

describe('the text of a value', () => {
  it('parses to the same value, whatever it contains', () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(valueText(value, limitBytes))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  for (const [what, json] of [
    ['a lone surrogate', String.raw`"a\ud800b"`],
    ['NUL in a string and in a member', String.raw`{"a\u0000":"\u0000"}`],
    ['members of Object.prototype', '{"__proto__":{"a":1},"constructor":2,"toJSON":3}'],
  ]) {
    it(`keeps ${what}`, () => {
      expect(valueText(JSON.parse(String(json)), limitBytes)).to.equal(json);
    });
  }

  it('prints numbers as JavaScript does', () => {
    expect(valueText(JSON.parse('[9007199254740993,1e20,0.1000,-0]'), limitBytes)).to.equal(
      '[9007199254740992,100000000000000000000,0.1,0]',
    );
  });

  it('may be 1,000 levels deep', () => {
    const text = nested(1_000);
    expect(valueText(JSON.parse(text), limitBytes)).to.equal(text);
    expect(codeOf(nested(1_001))).to.equal('value_too_deep');
  });

  it('refuses nesting that would overflow the stack', () => {
    expect(codeOf(nested(500_000))).to.equal('value_too_deep');
    expect(codeOf(`${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`)).to.equal('value_too_deep');
  });

  it('refuses a number that would become null', () => {
    expect(codeOf('1e400')).to.equal('number_out_of_range');
    expect(codeOf('{"a":[-1e400]}')).to.equal('number_out_of_range');
  });

  it('is bounded itself, in bytes', () => {
    const euros = '"€€€"'; // 11 bytes
    expect(valueText(JSON.parse(euros), 11)).to.equal(euros);
    expect(codeOf(euros, 10)).to.equal('body_too_large');
    expect(codeOf('[1e20,1e20]', 20)).to.equal('body_too_large');
  });
});

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

function codeOf(json: string, limit = limitBytes): string | undefined {
  try {
    valueText(JSON.parse(json), limit);
    return undefined;
  } catch (error) {
    if (error instanceof KeybinError) return error.code;
    throw error;
  }
}
