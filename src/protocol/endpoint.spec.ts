import { describe, expect, it } from '@jest/globals';
import { endpointOfEvent, normalizeEndpoint, regionOfEndpoint } from './endpoint.js';
import type { WebSocketRequestContext } from './events.js';

const HOST = 'abcd123.execute-api.eu-west-1.amazonaws.com';

describe('an endpoint', () => {
  const forms: [given: string, normal: string | null][] = [
    [`https://${HOST}/prod`, `https://${HOST}/prod`],
    [`https://${HOST}/prod/`, `https://${HOST}/prod`],
    [`https://${HOST}/prod//`, `https://${HOST}/prod`],
    [`https://${HOST}/prod/@connections`, `https://${HOST}/prod`],
    [`https://${HOST}/prod/@connections/`, `https://${HOST}/prod`],
    [`https://${HOST}/prod/%40connections`, `https://${HOST}/prod`],
    [`https://${HOST}/prod/@connections/@connections`, `https://${HOST}/prod`],
    [`${HOST}/prod`, `https://${HOST}/prod`],
    [`wss://${HOST}/prod`, `https://${HOST}/prod`],
    ['ws://127.0.0.1:3000/ws', 'http://127.0.0.1:3000/ws'],
    ['http://127.0.0.1:3000/ws/', 'http://127.0.0.1:3000/ws'],
    ['HTTPS://Ws.Example.com/', 'https://ws.example.com'],
    ['ws.example.com', 'https://ws.example.com'],
    ['  https://ws.example.com/chat  ', 'https://ws.example.com/chat'],
    ['', null],
    ['https://', null],
    ['ftp://ws.example.com', null],
    ['https://ws.example.com/?stage=prod', null],
    ['https://ws.example.com/#prod', null],
    ['https://user:secret@ws.example.com', null],
    ['two words', null],
  ];
  it.each(forms)('%j becomes %j', (given, normal) => {
    expect(normalizeEndpoint(given)).toBe(normal);
    if (normal !== null) expect(normalizeEndpoint(normal)).toBe(normal);
  });

  it.each([
    [`https://${HOST}/prod`, 'eu-west-1'],
    ['https://abcd123.execute-api.cn-north-1.amazonaws.com.cn/prod', 'cn-north-1'],
    ['https://ws.example.com', null],
    ['https://execute-api.eu-west-1.amazonaws.com.example.com', null],
    ['not a URL', null],
  ])('%s has the region %s', (endpoint, region) => {
    expect(regionOfEndpoint(endpoint)).toBe(region);
  });
});

describe("an event's endpoint", () => {
  const of = (context: Record<string, unknown>, region = 'us-east-1') =>
    endpointOfEvent(context as unknown as WebSocketRequestContext, region);

  it('is the stage on the domain of the API', () => {
    expect(of({ domainName: HOST, stage: 'prod', apiId: 'abcd123' })).toBe(`https://${HOST}/prod`);
  });

  it('is built from the id of the API behind a custom domain, which says neither region nor stage', () => {
    const context = { domainName: 'ws.example.com', stage: 'prod', apiId: 'abcd123' };
    expect(of(context, 'eu-west-1')).toBe(`https://${HOST}/prod`);
    expect(of(context, 'cn-north-1')).toBe('https://abcd123.execute-api.cn-north-1.amazonaws.com.cn/prod');
    expect(of({ stage: 'prod', apiId: 'abcd123' }, 'eu-west-1')).toBe(`https://${HOST}/prod`);
  });

  it.each([
    ['without a stage', { domainName: HOST, apiId: 'abcd123' }],
    ['with neither a domain of AWS nor an id', { domainName: 'ws.example.com', stage: 'prod' }],
    ['with another type', { domainName: HOST, stage: 7, apiId: 'abcd123' }],
    ['with a stage that would lead elsewhere', { domainName: HOST, stage: '../other', apiId: 'abcd123' }],
    ['with a longer stage than there are', { domainName: HOST, stage: 's'.repeat(129), apiId: 'abcd123' }],
    ['with an id that would lead elsewhere', { domainName: 'x', stage: 'prod', apiId: 'evil.example.com/' }],
    ['with a domain that only looks like one of AWS', { domainName: `${HOST}.example.com`, stage: 'prod' }],
    ['with a domain with a path', { domainName: `${HOST}/x`, stage: 'prod' }],
  ])('is not known %s', (_, context) => {
    expect(of(context)).toBeNull();
  });
});
