import { expect } from 'chai';
import { embeddedSubject } from './subjects/embedded-subject.js';
import { entriesContract } from './keybin/entries.js';
import { orderOfChecksContract } from './keybin/order-of-checks.js';
import { valuesContract } from './keybin/values.js';

describe('the embedded engine, [APP] cors_origins given', () => {
  // Pages of other origins need response headers that only Koa adds, so Koa serves every request here.
  const subject = embeddedSubject({ KEYBIN_APP_CORS_ORIGINS: 'https://app.example.com' });

  it('leaves every read and write of a value to Koa', async () => {
    const { token } = await subject.here.newAccount();
    for (const { headers } of [await subject.here.put(token, 'a', 1), await subject.here.get(token, 'a')]) {
      expect(headers['vary']).to.equal('Origin');
    }
  });

  entriesContract(subject);
  valuesContract(subject);
  orderOfChecksContract(subject);
});
