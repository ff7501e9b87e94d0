import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../docs/documents.js';
import { createCertificate, createFolder } from './certificates.js';
import { startProxy } from './proxy.process.js';

const NODE_PORTS = ['127.0.0.1:3001', '127.0.0.1:3002'];

/** The configurations in the guide. */
export function configurations(language: string): string[] {
  return blocksOf('docs/guides/proxies.md')
    .filter((block) => block.language === language)
    .map(({ text }) => text);
}

/** Puts what is here in the place of what the guide names; each must be in it. */
function adapt(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`The configuration in the guide has no ${JSON.stringify(from)}.`);
    return adapted.replaceAll(from, to);
  }, text);
}

/** Writes the guide's configuration, adapted, and starts the proxy with it. */
export type StartProxy = (
  nodes: readonly string[],
  port: number,
  changes: Readonly<Record<string, string>>,
) => Promise<void>;

const certificate = (folder: string) => createCertificate(folder, 'proxy');

export const withNginx: StartProxy = async (nodes, port, changes) => {
  const folder = createFolder();
  const { certPath, keyPath } = certificate(folder);
  const [site = '', unixUpstream = ''] = configurations('nginx');
  const onUnixSockets = nodes.some((node) => node.startsWith('unix:'));
  const upstream = site.slice(0, site.indexOf('\n}\n') + 2);
  const whole = onUnixSockets ? site.replace(upstream, unixUpstream) : site;
  const named = onUnixSockets ? ['unix:/run/chat/one.sock', 'unix:/run/chat/two.sock'] : NODE_PORTS;
  const text = adapt(whole, {
    [`server ${named[0]}`]: `server ${nodes[0]}`,
    [`server ${named[1]}`]: `server ${nodes[1]}`,
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/nginx/tls/chat.crt': certPath,
    '/etc/nginx/tls/chat.key': keyPath,
    ...changes,
  });
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`);
  // Started by root it would become somebody else, whom the sockets in the folder are not for.
  const user = process.getuid?.() === 0 ? ['user root;'] : [];
  const around = [...user, 'daemon off;', 'error_log stderr;', `pid ${folder}/nginx.pid;`, 'events {}'];
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, [...around, 'http {', 'access_log off;', ...bodies, text, '}'].join('\n'));
  await startProxy('nginx', ['-p', folder, '-c', path, '-e', 'stderr'], port);
};

export const withHaproxy: StartProxy = async (nodes, port, changes) => {
  const folder = createFolder();
  const { certPath, keyPath } = certificate(folder);
  const pem = join(folder, 'chat.pem');
  writeFileSync(pem, [certPath, keyPath].map((path) => readFileSync(path, 'utf8')).join('\n'));
  const text = adapt(configurations('haproxy')[0] ?? '', {
    [`one ${NODE_PORTS[0]}`]: `one ${nodes[0]}`,
    [`two ${NODE_PORTS[1]}`]: `two ${nodes[1]}`,
    'bind :443 ssl': `bind 127.0.0.1:${port} ssl`,
    '/etc/haproxy/tls/chat.pem': pem,
    // More than a process may open here, perhaps.
    'maxconn 40000': 'maxconn 100',
    ...changes,
  });
  const path = join(folder, 'haproxy.cfg');
  writeFileSync(path, `${text}\n`);
  await startProxy('haproxy', ['-db', '-f', path], port);
};
