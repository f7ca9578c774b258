import { expect } from 'chai';
import { BadLine, parseLine, printRecord } from '@keybin/shared/transfer/export-format.js';

const lineOf = (typeMember: string) =>
  `{"type":"file","user":"0b5e3b0e-3c3c-4b5f-9d3c-0a9a3d1c7f10","file":{"id":"0656f3f0b1a2c3d4e5f60718",` +
  `"name":"\\"a\\\\b",${typeMember}"length":0,"sha256":"${'0'.repeat(64)}"}}`;

/** Reads a line and writes it again. */
function copied(line: string): string {
  const record = parseLine(line);
  return record.type === 'file' ? printRecord(record) : record.type;
}

describe('the line of a file in an export', () => {
  it('has the type of an image, or none', () => {
    for (const member of ['', '"contentType":"image/png",']) expect(copied(lineOf(member))).to.equal(lineOf(member));
  });

  it('is read without a type that is none of an image', () => {
    expect(copied(lineOf('"contentType":"text/html",'))).to.equal(lineOf(''));
    expect(() => parseLine(lineOf('"contentType":1,'))).to.throw(BadLine, "'contentType' is not valid");
  });
});
