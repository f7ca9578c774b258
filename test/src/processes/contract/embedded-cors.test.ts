import { expect } from 'chai';
import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';
import { entriesContract } from '../../contract/keybin/entries.js';
import { orderOfChecksContract } from '../../contract/keybin/order-of-checks.js';
import { valuesContract } from '../../contract/keybin/values.js';

describe('the embedded engine, [APP] cors_origins given', () => {
  // Pages of other origins need response headers that only Koa adds, so Koa serves every request here.
  const subject = embeddedClusterSubject({ settings: { KEYBIN_APP_CORS_ORIGINS: 'https://app.example.com' } });

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
