import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';
import type { WebSocketModuleOptions } from '../websocket.options.js';

type Environment = Record<string, string>;

const resolve = (options: unknown, env: Environment = {}) =>
  resolveWebSocketOptions(options as WebSocketModuleOptions, env).gateway;

const certificate = { certPath: '/run/tls.crt', keyPath: '/run/tls.key' };
const certificateVariables = { WEBSOCKET_SSL_CERT_PATH: '/run/tls.crt', WEBSOCKET_SSL_KEY_PATH: '/run/tls.key' };

describe('where the gateway listens', () => {
  it('is the server of the application by default, without probes', () => {
    expect(resolve({ gateway: {} })).toMatchObject({
      port: null,
      host: '127.0.0.1',
      socketPath: null,
      tls: null,
      probes: null,
      drain: { delayMs: 0, durationMs: 10_000, graceMs: 10_000 },
    });
  });

  it('comes from the environment where the options say nothing', () => {
    const env = {
      WEBSOCKET_HOST: '0.0.0.0',
      WEBSOCKET_PORT: '8080',
      WEBSOCKET_PATH: '/live',
      ...certificateVariables,
    };
    expect(resolve({ gateway: {} }, env)).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      path: '/live',
      stage: 'live',
      tls: { ...certificate, caPath: null, passphrase: null },
    });
    const given = { host: '::1', port: 0, path: '/ws', tls: { certPath: '/a', keyPath: '/b', passphrase: 'secret' } };
    expect(resolve({ gateway: given }, env)).toMatchObject({ ...given, tls: { ...given.tls, caPath: null } });
    expect(resolve({ gateway: { tls: { keyPath: '/b' } } }, env)?.tls).toMatchObject({
      certPath: '/run/tls.crt',
      keyPath: '/b',
    });
    expect(resolve({ gateway: { tls: false } }, env)?.tls).toBeNull();
  });

  it('takes a variable that is empty, or null as in a .env file of Laravel, for none', () => {
    for (const value of ['', ' ', 'null']) {
      const env = { WEBSOCKET_PORT: value, WEBSOCKET_SSL_CERT_PATH: value, WEBSOCKET_SSL_KEY_PATH: value };
      expect(resolve({ gateway: {} }, env)).toMatchObject({ port: null, tls: null });
    }
  });

  it('is a Unix socket in place of a port, whatever the environment says', () => {
    const env = { WEBSOCKET_PORT: '8080', WEBSOCKET_HOST: '0.0.0.0' };
    expect(resolve({ gateway: { socketPath: '/run/chat.sock' } }, env)).toMatchObject({
      socketPath: '/run/chat.sock',
      port: null,
    });
  });

  it('has probes on a port or socket of its own', () => {
    const probes = { livenessPath: '/livez', readinessPath: '/readyz' };
    expect(resolve({ gateway: { port: 0 } })?.probes).toEqual(probes);
    expect(resolve({ gateway: { socketPath: '/run/chat.sock' } })?.probes).toEqual(probes);
    expect(resolve({ gateway: { probes: {} } })?.probes).toEqual(probes);
    expect(resolve({ gateway: { probes: { livenessPath: '/up' } } })?.probes).toEqual({
      ...probes,
      livenessPath: '/up',
    });
    expect(resolve({ gateway: { port: 0, probes: false } })?.probes).toBeNull();
  });
});

describe('WEBSOCKET_ENABLED', () => {
  it.each<[string, WebSocketModuleOptions, Environment, boolean]>([
    ['nothing leaves it off', {}, {}, false],
    ['the option turns it on', { gateway: {} }, {}, true],
    ['the variable turns it on', {}, { WEBSOCKET_ENABLED: 'true' }, true],
    ['1 is true', {}, { WEBSOCKET_ENABLED: '1' }, true],
    ['the variable keeps it off', { gateway: { port: 0 } }, { WEBSOCKET_ENABLED: 'false' }, false],
    ['0 is false', { gateway: {} }, { WEBSOCKET_ENABLED: '0' }, false],
    ['an option that is false keeps it off', { gateway: false }, { WEBSOCKET_ENABLED: 'true' }, false],
    ['an empty one says nothing', { gateway: {} }, { WEBSOCKET_ENABLED: '' }, true],
    ['other variables do not turn it on', {}, { WEBSOCKET_PORT: '8080', WEBSOCKET_HOST: '0.0.0.0' }, false],
  ])('%s', (_, options, env, isOn) => {
    expect(resolve(options, env) !== null).toBe(isOn);
  });
});

describe('options and variables that cannot be used', () => {
  const on = { gateway: {} };
  it.each<[unknown, Environment, string]>([
    [on, { WEBSOCKET_ENABLED: 'ture' }, 'WEBSOCKET_ENABLED to be "true" or "false", got "ture".'],
    [on, { WEBSOCKET_PORT: '80a' }, 'WEBSOCKET_PORT to be a whole number from 0 to 65535, got "80a".'],
    [on, { WEBSOCKET_PORT: '70000' }, 'WEBSOCKET_PORT to be a whole number from 0 to 65535, got "70000".'],
    [on, { WEBSOCKET_PORT: '-1' }, 'got "-1".'],
    [on, { WEBSOCKET_PORT: 'tcp://10.0.0.11:8080' }, 'set enableServiceLinks to false'],
    [on, { WEBSOCKET_PATH: 'ws' }, 'WEBSOCKET_PATH to be a path like "/ws", got "ws".'],
    [on, { WEBSOCKET_PROT: '8080' }, 'Unknown environment variable WEBSOCKET_PROT; did you mean WEBSOCKET_PORT?'],
    [on, { WEBSOCKET_SSL_CERT_PAHT: 'x' }, 'did you mean WEBSOCKET_SSL_CERT_PATH?'],
    [on, { WEBSOCKET_ENABLE: 'x' }, 'did you mean WEBSOCKET_ENABLED?'],
    [
      on,
      { WEBSOCKET_PORT: '1', WEBSOCKET_SSL_CERT_PATH: '/a' },
      '"gateway.tls.keyPath" or WEBSOCKET_SSL_KEY_PATH to be set',
    ],
    [{ gateway: { port: 0, tls: { keyPath: '/a' } } }, {}, '"gateway.tls.certPath" or WEBSOCKET_SSL_CERT_PATH to be'],
    [on, certificateVariables, 'a certificate is for a port of the gateway’s own'],
    [{ gateway: { tls: certificate } }, {}, 'Expected "gateway.port" or WEBSOCKET_PORT beside "gateway.tls"'],
    [{ gateway: { socketPath: '/run/a', tls: certificate } }, {}, 'Expected "gateway.port" or WEBSOCKET_PORT beside'],
    [{ gateway: { port: 0, tls: true } }, {}, 'Expected "gateway.tls" to be an object, got boolean.'],
    [{ gateway: { port: 0, tls: { cert: '/a' } } }, {}, 'Unknown option "gateway.tls.cert"'],
    [{ gateway: { socketPath: '/run/a', port: 0 } }, {}, '"gateway.port" to be left out where "gateway.socketPath"'],
    [{ gateway: { socketPath: '/run/a', host: '::' } }, {}, '"gateway.host" to be left out where'],
    [{ gateway: { socketPath: `/${'a'.repeat(103)}` } }, {}, 'a path of at most 103 bytes'],
    [{ gateway: { socketPath: '\0abstract' } }, {}, 'a path of at most 103 bytes'],
    [{ gateway: { maxHeaderBytes: 100 } }, {}, '"gateway.maxHeaderBytes" to be a whole number from 1024 to'],
    [{ gateway: { handshakeTimeoutMs: 0 } }, {}, '"gateway.handshakeTimeoutMs" to be a whole number from 1 to'],
    [{ gateway: { drain: { durationMs: -1 } } }, {}, '"gateway.drain.durationMs" to be a whole number from 0 to'],
    [{ gateway: { drain: { delay: 1 } } }, {}, 'Unknown option "gateway.drain.delay"'],
    [{ gateway: { probes: { readinessPath: 'ready' } } }, {}, '"gateway.probes.readinessPath" to be a path like'],
    [{ gateway: { probes: { readinessPath: '/ws' } } }, {}, '"gateway.probes.readinessPath" to be a path of its own'],
    [{ gateway: { probes: { readinessPath: '/livez' } } }, {}, 'to be a path of its own, got "/livez" (string).'],
  ])('are told apart: %j %j', (options, env, message) => {
    expect(() => resolve(options, env)).toThrow(InvalidOptionsError);
    expect(() => resolve(options, env)).toThrow(message);
  });

  it('never repeat a passphrase, nor what may be a key in the wrong place', () => {
    for (const [options, env] of [
      [{ gateway: { port: 0, tls: { ...certificate, passphrase: ['hunter2'] } } }, {}],
      [on, { WEBSOCKET_PORT: '-----BEGIN PRIVATE KEY----- hunter2' }],
      [on, { WEBSOCKET_PORT: 'redis://user:hunter2@10.0.0.1:6379' }],
    ] as [unknown, Environment][]) {
      expect(() => resolve(options, env)).toThrow(InvalidOptionsError);
      expect(() => resolve(options, env)).not.toThrow(/hunter2/);
    }
  });
});

it('leaves variables of others alone, though their names begin like ours', () => {
  const env = { WEBSOCKET_TEST: '1', WEBSOCKET_SERVICE_PORT: '1', WEBSOCKET_PORT_8080_TCP: '1', WEBSOCKET_URL: 'x' };
  expect(resolve({ gateway: {} }, env)).toMatchObject({ port: null });
});
