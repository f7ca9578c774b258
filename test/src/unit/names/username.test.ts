import { expect } from 'chai';
import { foldedName } from '@keybin/shared/ids/folded-name.js';
import { isInOneForm, isNewUsername, isUsername } from '@keybin/shared/ids/username.js';

describe('a new username', () => {
  it('may have visible characters of any script, emoji included', () => {
    const flag = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'; // of England, with format characters
    const joined = ['\u0645\u06cc\u200c\u062e\u0648', '\u0915\u094d\u200d\u0937']; // Persian and Hindi
    const others = ['ada', ' ', 'Ünïcödé', 'e\u0301', '名前 🗝', '👩‍🚀', '👨‍👩‍👧‍👦', '__proto__', 'a/b', '\ue000'];
    for (const name of [...others, ...joined, flag]) {
      expect(isNewUsername(name), JSON.stringify(name)).to.equal(true);
    }
  });

  it('has no characters that nobody can see or that are not assigned, which older names may have', () => {
    for (const name of [
      'bo\u200bb',
      '\u202ebob',
      'bob\ufeff',
      'b\u00adob',
      'bob\u200d',
      'bo\u200db',
      '\u200c\u0645',
      '👩\u200d',
      'a\u{e0062}',
      'a\u0378',
      '\u{10ffff}',
    ]) {
      expect([isNewUsername(name), isUsername(name)], JSON.stringify(name)).to.deep.equal([false, true]);
    }
    for (const name of ['', 'a\n', 'a\0', '\ud800', 'x'.repeat(257)]) {
      expect([isNewUsername(name), isUsername(name)], JSON.stringify(name)).to.deep.equal([false, false]);
    }
  });

  it('is judged at once, also with many emoji that can be read in two ways', () => {
    for (const sequence of ['1\ufe0f\u20e3', '🇬🇧', '👍🏽']) {
      const name = sequence.repeat(31);
      expect([isNewUsername(name), isNewUsername(`${name}\u200b`)], sequence).to.deep.equal([true, false]);
    }
  });

  it('is in one form if it is NFC without white space at its ends', () => {
    for (const name of ['bob', 'b ob', 'é', 'Å']) expect(isInOneForm(name), name).to.equal(true);
    for (const name of [' bob', 'bob ', '\u3000bob', 'bob\u00a0', ' ', 'e\u0301', '\u212b']) {
      expect(isInOneForm(name), JSON.stringify(name)).to.equal(false);
    }
  });
});

describe('a folded name', () => {
  it('is the same for names that differ in case, width, composition or invisible characters', () => {
    for (const names of [
      ['bob', 'Bob', 'BOB', 'ｂｏｂ', '𝐁𝐨𝐛', 'bo\u200bb', 'bob\ufe0f'],
      ['straße', 'STRASSE', 'STRAẞE', 'ſtrasse'],
      ['é', 'É', 'e\u0301', 'E\u0301'],
      ['ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ', 'ὀδυσσεύσ'],
      ['ﬁn', 'FIN', 'ﬁN'],
      ['kelvin', '\u212aelvin'],
      ['\u1e9e', 'ss'],
    ]) {
      expect([...new Set(names.map(foldedName))], names.join()).to.have.length(1);
    }
  });

  it('differs for names that differ in more', () => {
    const names = ['bob', 'b0b', 'bob ', 'böb', 'boob', 'боб', '名前', '名', 'a/b', 'a'];
    expect(new Set(names.map(foldedName)).size).to.equal(names.length);
  });

  it('is a hash of one length, and the same for both cases of each character', () => {
    expect(foldedName('\ufdfa'.repeat(85))).to.match(/^[0-9a-f]{64}$/);
    for (let point = 0x20; point <= 0x1_ffff; point++) {
      const name = String.fromCodePoint(point);
      const [lower, upper] = [foldedName(name.toLowerCase()), foldedName(name.toUpperCase())];
      if (lower !== upper) expect.fail(`the cases of U+${point.toString(16)} differ`);
    }
  });
});
