import { expect } from 'chai';
import { fileNameIn } from '@keybin/api/bodies/file-name.js';
import { headerParameters } from '@keybin/api/bodies/header-parameters.js';
import { KeybinError } from '@keybin/shared/errors.js';

/** Returns the name in a `Content-Disposition`, or the code of the error. */
function nameIn(disposition: string): string | undefined {
  try {
    return fileNameIn(headerParameters(Buffer.from(disposition).toString('latin1')));
  } catch (error) {
    if (error instanceof KeybinError) return error.code;
    throw error;
  }
}

const field = 'form-data; name="filename"';

describe('the name of a file', () => {
  const names: readonly (readonly [sender: string, disposition: string, name: string | undefined])[] = [
    ['a field', field, undefined],
    ['a browser without a file', `${field}; filename=""`, ''],
    ['.NET', `form-data; name=filename; filename=a.txt; filename*=utf-8''a.txt`, 'a.txt'],
    ['.NET, not in ASCII', `form-data; name=filename; filename="=?utf-8?B?zrM=?="; filename*=utf-8''%CE%B3`, 'γ'],
    ['a client that quotes the field, too', `${field}; filename="x"; filename*=UTF-8''%CE%B3`, 'γ'],
    ['a client that puts filename* first', `${field}; filename*=UTF-8'en'y; filename="x"`, 'y'],
    ['a client that quotes filename*', `${field}; filename*="utf-8''%e2%82%ac"`, '€'],
    ['a client with capitals and spaces', `FORM-DATA ; NAME = "filename" ; FILENAME = "x y"`, 'x y'],
    ['a client that quotes nothing', `form-data; name=filename; filename= a b.txt `, 'a b.txt'],
    ['a client that has the field last', `form-data; filename="x"; name="filename"`, 'x'],
    ['a browser with quotes', `${field}; filename="%22a%22; filename=%22b%22"`, '"a"; filename="b"'],
    ['a browser with a percent sign', `${field}; filename="%20%0A100%.txt"`, '%20%0A100%.txt'],
    ['a browser with a backslash', String.raw`${field}; filename="a\b\\c"`, String.raw`a\b\c`],
    ['a browser with a backslash at the end', String.raw`${field}; filename="a\"`, 'a\\'],
    ['curl or Go with quotes', String.raw`${field}; filename="\"a\"; b=\"c\""`, '"a"; b="c"'],
    ['curl or Go with a backslash', String.raw`${field}; filename="\\a\\b\\"`, '\\a\\b\\'],
    ['a client with percent signs in filename*', `${field}; filename*=UTF-8''%2522%22%5C`, '%22"\\'],
    ['a client with a path', `${field}; filename="../../etc/a\\b"`, 'a\\b'],
    ['a client with a path in filename*', `${field}; filename*=UTF-8''..%2Fb`, 'b'],
    ['a browser of Windows with a path', String.raw`${field}; filename="C:\dir\a.txt"`, 'a.txt'],
    ['a client that escapes a path of Windows', String.raw`${field}; filename="c:\\dir\\a\".txt"`, 'a".txt'],
    ['a client with the path of a server', String.raw`${field}; filename="\\server\share\a.txt"`, 'a.txt'],
    ['a client of Windows that goes up', String.raw`${field}; filename="..\..\a.txt"`, 'a.txt'],
    ['a client of Windows that goes up later', `${field}; filename*=UTF-8''a%5C..%5Cb`, 'b'],
    ['a client with a path that ends in a folder', `${field}; filename="a/.."`, ''],
  ];
  for (const [sender, disposition, name] of names) {
    it(`is read as ${sender} sends it`, () => expect(nameIn(disposition)).to.equal(name));
  }

  it('is refused if it is not UTF-8, too long, or has control characters', () => {
    const latin1 = headerParameters(`${field}; filename="na\xefve"`);
    expect(() => fileNameIn(latin1))
      .to.throw(KeybinError)
      .with.property('code', 'file_name_not_utf8');
    for (const [value, code] of [
      [`filename*=ISO-8859-1''na%EFve`, 'file_name_not_utf8'],
      [`filename*=UTF-8''na%EFve`, 'file_name_not_utf8'],
      ['filename*=naive', 'file_name_not_utf8'],
      [`filename="${'é'.repeat(128)}"`, 'invalid_file_name'],
      [`filename*=UTF-8''a%0Ab`, 'invalid_file_name'],
      ['filename="a\u0085b"', 'invalid_file_name'],
    ] as const) {
      expect(nameIn(`${field}; ${value}`), value).to.equal(code);
    }
  });
});
