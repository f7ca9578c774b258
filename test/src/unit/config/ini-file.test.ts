import { expect } from 'chai';
import { assert, property, string } from 'fast-check';
import { readIniFile } from '@keybin/shared/config/load/ini-file.js';

const read = (...lines: string[]) => readIniFile(lines.join('\n'), 'store.cfg');

/** Returns the text of each setting by name. */
function given(...lines: string[]): Record<string, string> {
  const { given: found, problems } = read(...lines);
  expect(problems).to.deep.equal([]);
  return Object.fromEntries([...found].map(([name, { text }]) => [name, text]));
}

/** Returns the only problem. */
function problem(...lines: string[]): string {
  const { problems } = read(...lines);
  expect(problems).to.have.lengthOf(1);
  return problems[0] ?? '';
}

describe('An ini file', () => {
  it('keeps # and ; inside a value', () => {
    expect(given('[STORE]', 'host = mongodb://u:p#ss;word@h/ # no comment')).to.deep.equal({
      'STORE.host': 'mongodb://u:p#ss;word@h/ # no comment',
    });
  });

  it('treats # and ; at the start of a line as a comment, indented or not', () => {
    expect(given('# a', '; b', '[APP]', '  # c', 'port = 1', '   ; d')).to.deep.equal({ 'APP.port': '1' });
  });

  it('splits a setting at the first = or :', () => {
    expect(given('[APP]', 'port: 1', 'host=a:b=c', 'debug :on')).to.deep.equal({
      'APP.port': '1',
      'APP.host': 'a:b=c',
      'APP.debug': 'on',
    });
  });

  it('accepts names of settings in any case', () => {
    expect(given('[APP]', 'PORT = 1', 'Host = h')).to.deep.equal({ 'APP.port': '1', 'APP.host': 'h' });
  });

  it('leaves true, null, quotes and backslashes as they are', () => {
    expect(given('[APP]', 'debug = true', 'host = null', 'port = "1"', 'processes = \\# \\x')).to.deep.equal({
      'APP.debug': 'true',
      'APP.host': 'null',
      'APP.port': '"1"',
      'APP.processes': '\\# \\x',
    });
  });

  it('returns any value of one line unchanged', () => {
    const line = string({ unit: 'binary' }).map((text) => text.replace(/[\r\n%]/g, '').trim());
    assert(
      property(line, (text) => {
        expect(given('[STORE]', `host = ${text}`)).to.deep.equal({ 'STORE.host': text });
      }),
    );
  });

  it('continues a value in further indented lines, with comments and blank lines between them', () => {
    expect(given('[APP]', 'host = a', '  b', '# no', '', '  c', 'port = 1')).to.deep.equal({
      'APP.host': 'a\nb\n\nc',
      'APP.port': '1',
    });
  });

  it('may be indented as a whole', () => {
    expect(given('    [APP]', '    # comment', '    host=h', '    port=1', '    ', '    [STORE]')).to.deep.equal({
      'APP.host': 'h',
      'APP.port': '1',
    });
  });

  it('may begin with a byte order mark and end its lines with CRLF', () => {
    expect(given('\uFEFF[APP]\r', 'host = h\r', 'port = 1\r')).to.deep.equal({ 'APP.host': 'h', 'APP.port': '1' });
  });

  it('takes %% as % and a lone % as itself', () => {
    expect(given('[STORE]', 'host = a%%b%40c')).to.deep.equal({ 'STORE.host': 'a%b%40c' });
  });

  it('takes an empty value as one', () => {
    expect(given('[QUEUE]', 'redis =')).to.deep.equal({ 'QUEUE.redis': '' });
  });

  it('may have unknown sections with any content', () => {
    expect(given('[OTHER.part]', 'a = 1', 'b: 2', '[__proto__]', 'port = 1', '[APP.x]', 'port = 1')).to.deep.equal({});
  });

  it('knows the line of each value', () => {
    expect(read('[APP]', '', 'Port = 1').given.get('APP.port')?.origin).to.equal('[APP] port (store.cfg, line 3)');
  });

  it('is refused with the line of an unknown setting, and the nearest known one', () => {
    const text = problem('[APP]', 'porte = 80');
    expect(text).to.include('[APP] porte (store.cfg, line 2): "80"');
    expect(text).to.include('did you mean port?').and.include('accepted: host, port, debug, processes');
  });

  for (const [what, line, lines] of [
    ['a setting that is set twice', 3, ['[APP]', 'port = 1', 'PORT : 2']],
    ['a section that begins twice', 3, ['[APP]', '[STORE]', '[APP]']],
    ['a line that is neither', 2, ['[APP]', 'port 5000']],
    ['a setting above all sections', 1, ['port = 1', '[APP]']],
    ['a reference to another setting', 2, ['[STORE]', 'host = mongodb://%(name)s/']],
    ['a [DEFAULT] section', 1, ['[DEFAULT]', 'port = 1']],
    ['a section in another case', 1, ['[app]', 'port = 1']],
    ['a misspelt section', 1, ['[METRIC]', 'enabled = false']],
    ['a section with spaces', 1, ['[ APP ]', 'port = 1']],
    ['a name that ends in []', 2, ['[APP]', 'host[] = a']],
    ['a name that is __proto__', 2, ['[APP]', '__proto__ = a']],
  ] as const) {
    it(`is refused with the line of ${what}`, () => {
      expect(problem(...lines)).to.include(`store.cfg, line ${line}: `);
    });
  }

  it('reads %%( as text and not as a reference', () => {
    expect(given('[STORE]', 'host = %%(name)s')).to.deep.equal({ 'STORE.host': '%(name)s' });
  });
});
