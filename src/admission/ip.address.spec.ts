import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { clientOf, forwardedAddress, IpRanges } from './ip.address.js';

describe('IpRanges', () => {
  const ranges = IpRanges.parse('admission.allowedIps', ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'fe80::1']);

  it.each([
    '10.1.2.3',
    '192.0.2.7',
    '::ffff:10.1.2.3',
    '::ffff:a01:203',
    '2001:db8:1::2',
    '2001:DB8::',
    'fe80::1%eth0',
  ])('include %s', (address) => {
    expect(ranges.includes(address)).toBe(true);
  });

  it.each([
    '11.0.0.1',
    '192.0.2.8',
    '::ffff:11.0.0.1',
    '2001:db9::1',
    '',
    'unknown',
    '10.1',
    '0x0a.1.2.3',
    '012.1.2.3',
    '167838211',
    '::10.1.2.3',
    '::10.1.2.3%eth0',
    '::0x0a.1.2.3',
    '10.1.2.3, 10.1.2.4',
    '10.1.2.3:80',
    'localhost',
  ])('do not include %j', (address) => {
    expect(ranges.includes(address)).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'example.com', '', '10.0.0.1/', '::/129', '10.0.0.0-10.0.0.9'])(
    'cannot be made of %j',
    (text) => {
      expect(() => IpRanges.parse('admission.allowedIps', [text])).toThrow(InvalidOptionsError);
    },
  );
});

describe('an IPv4-compatible address', () => {
  it('is an IPv6 address like any other', () => {
    const ranges = IpRanges.parse('admission.allowedIps', ['::10.1.2.0/120']);
    expect(ranges.includes('::10.1.2.3')).toBe(true);
    expect(ranges.includes('::a01:2ff')).toBe(true);
    expect(ranges.includes('::10.1.3.3')).toBe(false);
    expect(ranges.includes('10.1.2.3')).toBe(false);
    expect(clientOf('::10.1.2.3')).toBe('::/64');
    expect(forwardedAddress('192.0.2.1', '::10.1.2.3', 1)).toBe('::a01:203');
    expect(() => IpRanges.parse('admission.allowedIps', ['::10.1.2.300'])).toThrow(InvalidOptionsError);
  });
});

describe('clientOf', () => {
  it('takes an IPv4 address whole, however it is written, and the first half of an IPv6 address', () => {
    expect(clientOf('192.0.2.1')).toBe('192.0.2.1');
    expect(clientOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(clientOf('2001:db8:1:2:ffff::1')).toBe('2001:db8:1:2::/64');
    expect(clientOf('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64');
    expect(clientOf('rubbish')).toBe('unknown');
  });
});

describe('forwardedAddress', () => {
  const spoofed = '10.0.0.1, 198.51.100.7, 203.0.113.9';

  it.each([
    { proxies: 0, forwardedFor: spoofed, address: '192.0.2.1' },
    { proxies: 1, forwardedFor: spoofed, address: '203.0.113.9' },
    { proxies: 2, forwardedFor: spoofed, address: '198.51.100.7' },
    { proxies: 4, forwardedFor: spoofed, address: '192.0.2.1' },
    { proxies: 1, forwardedFor: '', address: '192.0.2.1' },
    { proxies: 1, forwardedFor: '10.0.0.1,', address: '192.0.2.1' },
    { proxies: 1, forwardedFor: 'unknown', address: '192.0.2.1' },
    { proxies: 1, forwardedFor: '203.0.113.9:49152', address: '203.0.113.9' },
    { proxies: 1, forwardedFor: '[2001:db8::1]:49152', address: '2001:db8::1' },
    { proxies: 1, forwardedFor: '::ffff:203.0.113.9', address: '203.0.113.9' },
  ])('is $address behind $proxies proxies that wrote "$forwardedFor"', ({ proxies, forwardedFor, address }) => {
    expect(forwardedAddress('::ffff:192.0.2.1', forwardedFor, proxies)).toBe(address);
  });

  it('is nothing for a Unix socket without proxies', () => {
    expect(forwardedAddress('', '10.0.0.1', 0)).toBe('');
  });
});
