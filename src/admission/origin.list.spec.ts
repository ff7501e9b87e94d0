import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { OriginList } from './origin.list.js';

const list = OriginList.parse(
  'admission.origins',
  ['https://example.com', 'http://Localhost:80', 'https://[::1]:8443', 'capacitor://localhost'],
  false,
);

describe('OriginList', () => {
  it.each([
    'https://example.com',
    'https://example.com:443',
    'HTTPS://EXAMPLE.COM',
    'http://localhost',
    'https://[::1]:8443',
    'https://[0:0:0:0:0:0:0:1]:8443',
    'capacitor://localhost',
  ])('allows %s', (origin) => {
    expect(list.allows([origin])).toBe(true);
  });

  it.each([
    'null',
    '',
    '*',
    'http://example.com',
    'https://example.com:444',
    'https://example.com.evil.example',
    'https://evil-example.com',
    'https://evil.example/https://example.com',
    'https://example.com@evil.example',
    'https://evil.example#https://example.com',
    'https://example.com/',
    'https://example.com.',
    'https://example%2ecom',
    'https://example.com\\@evil.example',
    'https:\\\\example.com',
    'https:example.com',
    ' https://example.com',
    'https://example.com\t',
    'https://example.com\n',
    'https://ex\u0430mple.com',
    'https://\uff45xample.com',
    'https://example.com, https://evil.example',
    'https://example.com https://evil.example',
    'file://',
    'capacitor://localhost:1',
    `https://${'a.'.repeat(10_000)}example.com`,
  ])('refuses %j', (origin) => {
    expect(list.allows([origin])).toBe(false);
  });

  it('refuses two headers, though both are on the list', () => {
    expect(list.allows(['https://example.com', 'https://example.com'])).toBe(false);
  });

  it('allows no header only where that is allowed', () => {
    expect(list.allows([])).toBe(false);
    expect(OriginList.parse('admission.origins', ['https://example.com'], true).allows([])).toBe(true);
  });

  it.each([
    '*',
    'example.com',
    'https://*.example.com',
    'https://example.com/path',
    'https://user@example.com',
    'null',
  ])('cannot be made of %j', (origin) => {
    expect(() => OriginList.parse('admission.origins', [origin], true)).toThrow(InvalidOptionsError);
  });
});
