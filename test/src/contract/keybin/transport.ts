import { expect } from 'chai';
import { expectDone, expectKeys, expectValue } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';

export function transportContract(subject: Subject): void {
  describe('requests', () => {
    it('may name a charset or none, in any case', async () => {
      const { token } = await subject.here.newAccount();
      const types = [
        'application/json',
        'application/json; charset=utf-8',
        'application/json;charset=UTF-8',
        'Application/JSON',
      ];
      for (const [index, type] of types.entries()) {
        const body = JSON.stringify({ value: `é ${index}` });
        expectDone(
          await subject.here.send('POST', `/user/${token}/store/a`, { body, headers: { 'Content-Type': type } }),
        );
        expectValue(await subject.there.get(token, 'a'), `é ${index}`);
      }
    });

    it('may have a slash at the end of their path', async () => {
      const { username, password, token } = await subject.here.newAccount();
      expectDone(await subject.here.send('POST', `/user/${token}/store/a/`, { json: { value: 1 } }));
      expectValue(await subject.here.send('GET', `/user/${token}/store/a/`), 1);
      expectKeys(await subject.here.send('GET', `/user/${token}/keys/`), ['a']);
      expectDone(await subject.here.send('DELETE', `/user/${token}/store/a/`));
      expectDone(await subject.here.send('DELETE', '/unregister/', { json: { username, password } }));
    });

    it('may percent-encode characters that need no encoding', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.send('POST', `/user/${token}/store/%61%2e%2C`, { json: { value: 1 } }));
      expectValue(await subject.here.get(token, 'a.,'), 1);
      expectKeys(await subject.here.keys(token), ['a.,']);
    });

    it('of HEAD are answered like GET, without the body', async () => {
      const { token } = await subject.here.newAccount();
      expectDone(await subject.here.put(token, 'a', 'value'));
      const get = await subject.here.get(token, 'a');
      const head = await subject.here.send('HEAD', `/user/${token}/store/a`);
      expect(head.status).to.equal(200);
      expect(head.text).to.equal('');
      expect(head.headers['content-length']).to.equal(get.headers['content-length']);
      expect(head.headers['content-type']).to.equal(get.headers['content-type']);
      expect((await subject.here.send('HEAD', `/user/${token}/store/b`)).status).to.equal(404);
    });
  });
}
