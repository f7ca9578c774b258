import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { expectDone, expectJson } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';
import { askForCode, codeIn, expectV1Error, login, register } from './calls.js';

const expectWrongCode = (answer: Parameters<typeof expectV1Error>[0]) =>
  expectV1Error(answer, 400, 'Invalid identify code');

const newName = () => `1388${randomUUID()}`;
const missing = (parameter: string) => `Required parameter '${parameter}' is missing`;

export function registrationContract(subject: Subject): void {
  const codeFor = async (name: string, client = subject.here) => codeIn(await askForCode(client, name));

  describe('registration', () => {
    it('has a code of six digits, with which any process creates the account', async () => {
      const name = newName();
      const answer = await askForCode(subject.here, name);
      const code = codeIn(answer);
      expectJson(answer, JSON.stringify({ identify_code: code }));
      expect(answer.headers['cache-control']).to.equal('no-store');
      expect(code).to.be.within(100_000, 999_999);
      expect(Number.isInteger(code)).to.equal(true);
      expectJson(await register(subject.there, name, code, 'caicai'), JSON.stringify({ accout: name }));
      expect((await login(subject.here, name, 'caicai')).status).to.equal(200);
      expect((await subject.there.token(name, 'caicai')).status).to.equal(200);
    });

    it('has none for HEAD, which programs send to look ahead', async () => {
      const name = newName();
      const code = await codeFor(name);
      const { status } = await subject.there.send('HEAD', `/v1/users/register?accout=${name}`);
      expect(status).to.be.within(400, 499);
      expect((await register(subject.there, name, code, 'p')).status, 'the earlier code').to.equal(200);
    });

    it('takes the code as a number and as a string', async () => {
      for (const printed of [Number, String]) {
        const name = newName();
        const code = await codeFor(name);
        expect((await register(subject.there, name, printed(code), 'p')).status).to.equal(200);
      }
    });

    it('accepts any name that a path can contain percent-encoded', async () => {
      for (const name of [`a/b?c#d&e=f+g %41 ${randomUUID()}`, `Ünïcödé 名前 ${randomUUID()}`]) {
        expectJson(await register(subject.there, name, await codeFor(name), 'p'), JSON.stringify({ accout: name }));
      }
    });

    it('accepts a code once', async () => {
      const name = newName();
      const code = await codeFor(name);
      expect((await register(subject.here, name, code, 'p')).status).to.equal(200);
      expectDone(await subject.there.unregister(name, 'p'));
      for (const api of [subject.here, subject.there]) expectWrongCode(await register(api, name, code, 'p'));
    });

    it('succeeds once for many concurrent requests with one code', async () => {
      for (let round = 0; round < 3; round++) {
        const name = newName();
        const code = await codeFor(name);
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, index) => register(alternately(subject, index), name, code, `p${index}`)),
        );
        expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
        for (const { status } of answers) expect(status).to.be.oneOf([200, 400, 409]);
        const winner = answers.findIndex(({ status }) => status === 200);
        expect((await login(subject.there, name, `p${winner}`)).status).to.equal(200);
      }
    });

    it('is refused with a code that is wrong, of another name, or was never asked for', async () => {
      const name = newName();
      const code = await codeFor(name);
      const other = newName();
      await codeFor(other);
      expectWrongCode(await register(subject.there, other, code, 'p'));
      expectWrongCode(await register(subject.there, newName(), code, 'p'));
      for (const wrong of [wrongOf(code), `${code}x`, ` ${code}`, -code]) {
        expectWrongCode(await register(subject.there, name, wrong, 'p'));
      }
      expect((await register(subject.there, name, code, 'p')).status).to.equal(200);
    });

    it('accepts the code after four wrong ones, not after five, counted over all processes', async () => {
      const name = newName();
      const code = await codeFor(name);
      for (let count = 0; count < 5; count++) {
        expectWrongCode(await register(alternately(subject, count), name, wrongOf(code), 'p'));
      }
      for (const api of [subject.here, subject.there]) expectWrongCode(await register(api, name, code, 'p'));
      expect((await register(subject.here, name, await codeFor(name, subject.there), 'p')).status).to.equal(200);
    });

    it('accepts only the newest code of a name', async () => {
      const name = newName();
      const first = await codeFor(name);
      const second = await differentFrom(first, () => codeFor(name, subject.there));
      expectWrongCode(await register(subject.there, name, first, 'p'));
      expect((await register(subject.here, name, second, 'p')).status).to.equal(200);
    });

    it('tells only a client with a valid code that a name is taken', async () => {
      const { username, password } = await subject.here.newAccount();
      const code = await codeFor(username);
      expect(code).to.be.within(100_000, 999_999);
      expectWrongCode(await register(subject.there, username, wrongOf(code), 'other'));
      expectV1Error(await register(subject.there, username, code, 'other'), 409, 'User already registered');
      expect((await login(subject.here, username, password)).status).to.equal(200);
    });

    it('names what is missing or of another type, before it looks at the code', async () => {
      const name = newName();
      const code = await codeFor(name);
      for (const absent of [undefined, null, '']) {
        expectV1Error(await register(subject.here, absent, code, 'p'), 400, missing('accout'));
        expectV1Error(await register(subject.here, name, absent, 'p'), 400, missing('identify_code'));
        expectV1Error(await register(subject.here, name, code, absent), 400, missing('passwd'));
      }
      for (const wrong of [true, false, [], [code], {}, { $gt: '' }, { $ne: 0 }]) {
        const message = "Parameter 'identify_code' must be a string or a number";
        expectV1Error(await register(subject.here, name, wrong, 'p'), 400, message);
        expectV1Error(await register(subject.here, wrong, code, 'p'), 400, "Parameter 'accout' must be a string");
        expectV1Error(await register(subject.here, name, code, wrong), 400, "Parameter 'passwd' must be a string");
      }
      const badPassword = 'Password must be at most 72 bytes of UTF-8 and contain no NUL';
      for (const bad of ['x'.repeat(73), 'a\0b']) {
        expectV1Error(await register(subject.here, name, wrongOf(code), bad), 400, badPassword);
      }
      const badName = 'Username must be 1 to 256 bytes without control characters';
      for (const bad of ['x'.repeat(257), 'a\nb', '\ud800']) {
        expectV1Error(await register(subject.here, bad, code, 'p'), 400, badName);
      }
      expect((await register(subject.here, name, code, 'p')).status).to.equal(200);
    });

    it('requires a name to create a code for', async () => {
      for (const [query, message] of [
        ['', "Required parameter 'accout' is missing"],
        ['?accout=', "Required parameter 'accout' is missing"],
        ['?account=a', "Required parameter 'accout' is missing"],
        ['?accout=a&accout=b', "Parameter 'accout' must be a string"],
        ['?accout[$gt]=', "Required parameter 'accout' is missing"],
        [`?accout=${'x'.repeat(257)}`, 'Username must be 1 to 256 bytes without control characters'],
        ['?accout=a%00b', 'Username must be 1 to 256 bytes without control characters'],
      ] as const) {
        expectV1Error(await subject.here.send('GET', `/v1/users/register${query}`), 400, message);
      }
    });
  });
}

/** Returns another code of six digits. */
const wrongOf = (code: number): number => (code === 999_999 ? 100_000 : code + 1);

/** Repeats `next` until it returns another code. Codes are random, so the same one may come twice. */
async function differentFrom(code: number, next: () => Promise<number>): Promise<number> {
  for (;;) {
    const other = await next();
    if (other !== code) return other;
  }
}
