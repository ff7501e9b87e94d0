import { readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

/** What can be left out where it is not configured, and the packages that are needed for it. */
const BACKENDS = {
  dynamodb: ['@aws-sdk/client-dynamodb'],
  sqs: ['@aws-sdk/client-sqs'],
  redis: ['@redis/client', 'rate-limiter-flexible'],
  prometheus: ['prom-client'],
  opentelemetry: ['@opentelemetry/api'],
};

/** What Nest loads where it is installed. */
const OPTIONAL_IN_NEST = ['@nestjs/microservices', '@nestjs/websockets', 'class-transformer', 'class-validator'];

/** What serves HTTP, which no event of a WebSocket API needs. */
const HTTP = ['@nestjs/platform-express'];

/** Where the AWS SDK looks for credentials after the environment, which has them on Lambda. */
const CREDENTIALS_ELSEWHERE = [
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@smithy/credential-provider-imds',
];

/** The client that closes connections and asks about them; messages are sent without it. */
const ON_LAMBDA = ['@aws-sdk/client-apigatewaymanagementapi'];

/** What this package takes of the clients that it imports when they are needed, of which esbuild keeps everything else, too. */
export const USED_OF_SDK = {
  '@aws-sdk/client-apigatewaymanagementapi': [
    'ApiGatewayManagementApiClient',
    'DeleteConnectionCommand',
    'GetConnectionCommand',
    'PostToConnectionCommand',
  ],
  '@aws-sdk/client-dynamodb': [
    'BatchGetItemCommand',
    'DeleteItemCommand',
    'DynamoDBClient',
    'GetItemCommand',
    'PutItemCommand',
    'QueryCommand',
    'UpdateItemCommand',
  ],
  '@aws-sdk/client-sqs': ['SQSClient', 'SendMessageBatchCommand'],
};

/** Where they are imported. What creates a table takes more of them, and is in no bundle whose application does not call it. */
const IMPORTS_SDK =
  /\/(?:stores\/dynamodb\/(?:dynamodb\.table|sdk\.client)|transports\/management-api\/sdk\.caller|fanout\/offload\/(?:sqs\.client|shard\.queue|offload\.factory))\.js$/;

/** What the embedded gateway loads when it starts, which it never does on Lambda. */
const GATEWAY = /\/(?:gateway\.server|own\.server|cluster\.node)\.js$/;

const IN_NEST = /\/node_modules\/@nestjs\//;
const BEGINNING = /\/@nestjs\/[^/]+\/index\.js$/;
const RESOLVED = Symbol('resolved');

/**
 * Makes one file of a Lambda entry and all that it needs, without metadata of decorators.
 *
 * @param {object} options
 * @param {string} options.entry e.g. `src/lambda.ts`
 * @param {string} options.outfile e.g. `dist/lambda.mjs`
 * @param {'esm' | 'cjs'} [options.format]
 * @param {readonly string[]} [options.backends] which of {@link BACKENDS} are in it
 * @param {boolean} [options.http] whether the application serves HTTP as well, by `NestFactory.create`
 * @param {boolean} [options.usesSdkOfRuntime] whether connections are closed, and asked about, with the AWS SDK that Lambda's runtime has
 * @param {boolean} [options.minify] `false` for a bundle to be read, and profiled
 * @returns esbuild's metafile: what is in it, and how large each part is
 */
export async function bundle({
  entry,
  outfile,
  format = 'esm',
  backends = ['dynamodb', 'sqs'],
  http = false,
  usesSdkOfRuntime = false,
  minify = true,
}) {
  const unknown = backends.filter((name) => !Object.hasOwn(BACKENDS, name));
  if (unknown.length > 0)
    throw new Error(`There is no backend ${unknown.join(', ')}: take ${Object.keys(BACKENDS).join(', ')}.`);
  const unused = Object.entries(BACKENDS).flatMap(([name, packages]) => (backends.includes(name) ? [] : packages));
  const external = [
    ...unused,
    ...(usesSdkOfRuntime ? ON_LAMBDA : []),
    ...(http ? [] : HTTP),
    ...OPTIONAL_IN_NEST,
    ...CREDENTIALS_ELSEWHERE,
  ];
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    minify,
    platform: 'node',
    target: 'node22',
    // The ES modules of the AWS SDK, of which what nobody uses can be left out.
    mainFields: ['module', 'main'],
    external,
    plugins: [
      withoutGateway(),
      ...(http ? [] : [nestWithoutHttp()]),
      nestWithLateFormats(),
      rxjsAsModules(),
      sdkAsUsed(external),
      modulesOfNode(),
    ],
    // What packages in CommonJS require of Node.
    ...(format === 'esm' && {
      banner: { js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);" },
    }),
    metafile: true,
    logLevel: 'warning',
    absWorkingDir: process.cwd(),
  });
  return metafile;
}

/** Puts an error in the place of the server of the embedded gateway. */
function withoutGateway() {
  return {
    name: 'without-gateway',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: GATEWAY }, ({ importer, path }) =>
        importer.endsWith('/gateway/embedded.gateway.js') ? { path, namespace: 'left-out' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
        contents: "throw new Error('The embedded gateway was left out of this bundle, which is for Lambda.');",
      }));
    },
  };
}

/** Takes out of Nest what serves HTTP, and whatever of it nobody imports. */
function nestWithoutHttp() {
  return {
    name: 'nest-without-http',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^@nestjs\/|^\.\.?\// }, async ({ path, pluginData, ...rest }) => {
        const isNest = path.startsWith('@nestjs/') || IN_NEST.test(rest.importer);
        if (!isNest || pluginData === RESOLVED) return undefined;
        const found = await resolve(path, { ...rest, pluginData: RESOLVED });
        // What packages begin with loads reflect-metadata.
        const isInert = found.errors.length === 0 && !found.external && !BEGINNING.test(found.path);
        return isInert ? { ...found, sideEffects: false } : found;
      });
      onLoad({ filter: /@nestjs\/core\/nest-application\.js$/ }, () => ({
        contents: `export class NestApplication { constructor() { throw new Error('HTTP was left out of this bundle, which is for Lambda.'); } }`,
      }));
    },
  };
}

/** Has Nest's loggers make the format of their times when they first write one: to make it loads much of ICU. */
function nestWithLateFormats() {
  const late =
    'function lateFormat(...how) { let made; return { format: (time) => (made ??= new Intl.DateTimeFormat(...how)).format(time) }; }';
  return {
    name: 'nest-with-late-formats',
    setup({ onLoad }) {
      onLoad({ filter: /@nestjs\/common\/services\/(?:console-)?logger\.service\.js$/ }, async ({ path }) => {
        const contents = await readFile(path, 'utf8');
        return { contents: `${contents.replace('= new Intl.DateTimeFormat(', '= lateFormat(')}\n${late}` };
      });
    },
  };
}

/** Under Node's conditions rxjs is CommonJS, of which nothing can be left out. */
function rxjsAsModules() {
  const modules = join(dirname(require.resolve('rxjs/package.json')), 'dist/esm');
  const paths = { rxjs: 'index.js', 'rxjs/operators': 'operators/index.js' };
  return {
    name: 'rxjs-as-modules',
    setup({ onResolve }) {
      onResolve({ filter: /^rxjs(?:\/operators)?$/ }, ({ path }) => ({
        path: join(modules, paths[path]),
        sideEffects: false,
      }));
    },
  };
}

/** Keeps of the clients of the AWS SDK no command that this package does not send. */
function sdkAsUsed(external) {
  const kept = Object.entries(USED_OF_SDK).filter(([name]) => !external.includes(name));
  return {
    name: 'sdk-as-used',
    setup({ onResolve, onLoad }) {
      for (const [name, used] of kept) {
        const namespace = `used of ${name}`;
        onResolve({ filter: new RegExp(`^${name}$`) }, ({ path, kind, importer, resolveDir }) =>
          kind === 'dynamic-import' && IMPORTS_SDK.test(importer)
            ? { path, namespace, pluginData: resolveDir }
            : undefined,
        );
        onLoad({ filter: /./, namespace }, ({ pluginData: resolveDir }) => ({
          contents: `export { ${used.join(', ')} } from '${name}';`,
          resolveDir,
        }));
      }
    },
  };
}

/**
 * Takes modules of Node by `require`. For an `import` of one, Node reads every property that it has: with `WebSocket` of `node:http`, that loads
 * the whole of undici.
 */
function modulesOfNode() {
  return {
    name: 'modules-of-node',
    setup({ onResolve, onLoad }) {
      for (const kind of ['import-statement', 'dynamic-import']) {
        const namespace = `${kind} of Node`;
        onResolve({ filter: /./ }, (found) =>
          found.kind === kind && isBuiltin(found.path)
            ? { path: found.path, namespace, sideEffects: false }
            : undefined,
        );
        onLoad({ filter: /./, namespace }, ({ path }) => ({
          // Esbuild knows some of them by this name only, such as node:readline/promises.
          contents: exportsOf(path.startsWith('node:') ? path : `node:${path}`, kind),
        }));
      }
    },
  };
}

/** A module of Node whose exports are read where they are used. */
function exportsOf(path, kind) {
  // Esbuild makes of CommonJS an object that reads each export when it is asked for it.
  if (kind === 'dynamic-import') return `module.exports = require('${path}');`;
  const names = Object.getOwnPropertyNames(require(path)).filter((name) => /^[\w$]+$/.test(name) && name !== 'default');
  return [
    `const all = /* @__PURE__ */ require('${path}');`,
    'export default all;',
    ...names.map(
      (name, index) => `const _${index} = /* @__PURE__ */ (() => all.${name})(); export { _${index} as ${name} };`,
    ),
  ].join('\n');
}
