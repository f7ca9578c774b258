import { expect } from 'chai';
import { assert, jsonValue, property } from 'fast-check';
import { valueText } from '@keybin/api/bodies/value-text.js';
import { KeybinError } from '@keybin/shared/errors.js';

const limitBytes = 1_048_576;

describe('the text of a value', () => {
  it('parses to the same value, whatever it contains', () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        expect(valueText(JSON.parse(text), text, limitBytes)).to.equal(text);
      }),
    );
  });

  for (const [what, json] of [
    ['a lone surrogate', String.raw`"a\ud800b"`],
    ['NUL in a string and in a member', String.raw`{"a\u0000":"\u0000"}`],
    ['members of Object.prototype', '{"__proto__":{"a":1},"constructor":2,"toJSON":3}'],
  ]) {
    it(`keeps ${what}`, () => {
      expect(textOf(String(json))).to.equal(json);
    });
  }

  it('prints numbers as JavaScript does', () => {
    expect(textOf('[9007199254740993,1e20,0.1000,-0]')).to.equal('[9007199254740992,100000000000000000000,0.1,0]');
  });

  it('may be 1,000 levels deep', () => {
    const text = nested(1_000);
    expect(textOf(text)).to.equal(text);
    expect(codeOf(nested(1_001))).to.equal('value_too_deep');
  });

  it('refuses nesting that would overflow the stack', () => {
    expect(codeOf(nested(500_000))).to.equal('value_too_deep');
    expect(codeOf(`${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`)).to.equal('value_too_deep');
  });

  it('refuses a number that would become null', () => {
    expect(codeOf('1e400')).to.equal('number_out_of_range');
    expect(codeOf('{"a":[-1e400]}')).to.equal('number_out_of_range');
    expect(codeOf(`{"a":["${'x'.repeat(5_000)}",-1e400]}`)).to.equal('number_out_of_range');
    expect(codeOf(`[${'9'.repeat(5_000)}]`)).to.equal('number_out_of_range');
  });

  it('is the same when it is deep, whatever it contains', () => {
    assert(
      property(jsonValue({ noUnicodeString: false }), (value) => {
        const text = nested(150).replace(
          '[]',
          `["${'x'.repeat(5_000)}",${JSON.stringify(value)},{},{"b":[],"1":2,"__proto__":"\\ud800"}]`,
        );
        expect(textOf(text)).to.equal(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('counts neither levels nor numbers of other members, nor of those that are repeated', () => {
    for (const other of [nested(2_000), '1e400', '-1e999']) {
      const text = `{"other":["${'x'.repeat(5_000)}",${other}],"value":{"a":${other},"a":1}}`;
      const { value } = JSON.parse(text) as { value: unknown };
      expect(valueText(value, text, limitBytes)).to.equal('{"a":1}');
    }
  });

  it('is bounded itself, in bytes', () => {
    const euros = '"€€€"'; // 11 bytes
    expect(textOf(euros, 11)).to.equal(euros);
    expect(codeOf(euros, 10)).to.equal('body_too_large');
    expect(codeOf('[1e20,1e20]', 20)).to.equal('body_too_large');
  });
});

const textOf = (json: string, limit = limitBytes) => valueText(JSON.parse(json), json, limit);

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

function codeOf(json: string, limit = limitBytes): string | undefined {
  try {
    textOf(json, limit);
    return undefined;
  } catch (error) {
    if (error instanceof KeybinError) return error.code;
    throw error;
  }
}
