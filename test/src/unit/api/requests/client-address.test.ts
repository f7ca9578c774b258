import { expect } from 'chai';
import { clientAddress, siteOf } from '@keybin/api/requests/client-address.js';

describe('the address under which a client is counted', () => {
  for (const [ip, counted] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
  ] as const) {
    it(`of '${ip}' is '${counted}'`, () => {
      expect(clientAddress({ ip })).to.equal(counted);
    });
  }
});

describe('the site of an address', () => {
  for (const [ip, site] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['::1', '0:0:0::/48'],
    ['192.0.2.1', undefined],
    ['::ffff:192.0.2.1', undefined],
    ['unknown', undefined],
    ['', undefined],
  ] as const) {
    it(`of '${ip}' is '${site}'`, () => {
      expect(siteOf(clientAddress({ ip }))).to.equal(site);
    });
  }
});
