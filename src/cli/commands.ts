import { InvalidArgumentError, Option, type Command } from 'commander';
import { eventOfRoute } from '../events/websocket-events.js';
import type { Run } from './invocation.js';

/** Makes the action of a command out of its module, which is loaded when the command is called. */
export type Invoke = <Options>(load: () => Promise<{ readonly run: Run<Options> }>) => (this: Command) => Promise<void>;

const EXIT_CODES = `
Exit codes:
  0    done
  1    failed: it was tried, and not all of it came about
  2    wrong usage: the command line, the configuration or the data cannot be used
  3    unavailable: the store did not answer
  4    nobody: there is nobody whom it would have concerned
  130  interrupted by a signal`;

const DATA = 'JSON, or text with --text; "-" reads it from stdin';

/** Adds every command. Nothing is loaded for one that is not called. */
export function addCommands(program: Command, invoke: Invoke): void {
  program.addHelpText('after', EXIT_CODES);

  program
    .command('serve')
    .description('Serve an application with the embedded gateway, until SIGINT or SIGTERM.')
    .argument('<app-module>', 'the compiled file of its root module, e.g. dist/app.module.js')
    .option('--host <address>', 'the address to listen on', filled)
    .option('--port <port>', 'a port of its own; 0 takes a free one', wholeNumber(0, 65_535))
    .option('--path <path>', 'the path of the WebSocket endpoint', filled)
    .option('--tls-cert <file>', 'the certificate for wss://, in PEM', filled)
    .option('--tls-key <file>', 'its private key, in PEM', filled)
    .addOption(
      new Option('--limits <name>', "API Gateway's limits, or generous ones").choices(['api-gateway', 'generous']),
    )
    .option('--export <name>', 'the export of the file that is the module')
    .option('--json', 'say where it listens as JSON')
    .option('--debug', 'show the stack of an error')
    .action(invoke(() => import('./commands/serve.command.js')));

  onSystem(program.command('stats').description('Count connections and channels.')).action(
    invoke(() => import('./commands/stats.command.js')),
  );

  onSystem(
    program
      .command('connections')
      .description('List connections.')
      .option('--channel <channel>', 'only those in this channel')
      .option('--user <user>', 'only those of this user')
      .option('--limit <count>', 'at most so many', wholeNumber(1)),
  ).action(invoke(() => import('./commands/connections.command.js')));

  onSystem(
    program
      .command('channels')
      .description('List the channels that have members.')
      .option('--limit <count>', 'at most so many', wholeNumber(1)),
  ).action(invoke(() => import('./commands/channels.command.js')));

  onSystem(
    program
      .command('send')
      .description('Send a message to a connection, to channels or to users.')
      .usage(
        '[options] <connection> <data>\n       nest-websocket send [options] --channel <channel> <data>\n       nest-websocket send [options] --user <user> <data>',
      )
      .argument('[connection]', 'the id of the connection, without --channel and --user')
      .argument('[data]', DATA)
      .option('--channel <channel>', 'the members of this channel; may be repeated', collect)
      .option('--user <user>', 'the connections of this user; may be repeated', collect)
      .option('--except <connection>', 'leave this connection out; may be repeated', collect)
      .option('--text', 'send the data as it is')
      .option('--reasons', 'count why messages did not get through; keeps every id in memory'),
  ).action(invoke(() => import('./commands/send.command.js')));

  onSystem(
    program
      .command('broadcast')
      .description('Send a message to everyone.')
      .argument('<data>', DATA)
      .option('--except <connection>', 'leave this connection out; may be repeated', collect)
      .option('--text', 'send the data as it is')
      .option('--reasons', 'count why messages did not get through; keeps every id in memory'),
  ).action(invoke(() => import('./commands/broadcast.command.js')));

  onSystem(
    program
      .command('disconnect')
      .description('Close a connection, or every connection of a user.')
      .argument('[connection]', 'the id of the connection, without --user')
      .option('--user <user>', 'every connection of this user')
      .option('--code <code>', 'the close code, 1000 or 3000 to 4999', wholeNumber(1_000, 4_999))
      .option('--reason <text>', 'the reason that the client is given'),
  ).action(invoke(() => import('./commands/disconnect.command.js')));

  onSystem(
    program
      .command('cleanup')
      .description('End connections whose end nobody was told of.')
      .option('--ask-gateway', 'end only those that their gateway calls gone')
      .addOption(
        new Option('--stale-after <seconds>', 'from which age on; at least what the application is configured with')
          .argParser(wholeNumber(1))
          .conflicts('app'),
      ),
  ).action(invoke(() => import('./commands/cleanup.command.js')));

  onSystem(
    program
      .command('doctor')
      .description('Check configuration, endpoint, credentials, store, clock and gateway, and say what to do.'),
  ).action(invoke(() => import('./commands/doctor.command.js')));

  program
    .command('init')
    .description('Write a configuration: src/websocket.config.ts, src/lambda.ts, .env.example and serverless.yml.')
    .option('--dir <folder>', 'where to write', '.')
    .option('--routes <names>', 'the routes of serverless.yml beside $default, e.g. join,say', routeKeys)
    .option('--force', 'replace files that are there already')
    .option('--json', 'say what was written as JSON')
    .option('--debug', 'show the stack of an error')
    .action(invoke(() => import('./commands/init.command.js')));
}

/** The options of commands that look into the running system. */
function onSystem(command: Command): Command {
  const own = ['redis', 'dynamodbTable', 'endpoint', 'region', 'prefix'];
  return command
    .optionsGroup('System:')
    .option(
      '--redis <url>',
      'the Redis that connections are kept in (WEBSOCKET_REDIS_URL, which keeps its password off the list of processes)',
    )
    .option('--dynamodb-table <name>', 'the DynamoDB table that they are kept in (WEBSOCKET_DYNAMODB_TABLE)')
    .option('--endpoint <url>', 'the Management API (WEBSOCKET_API_GATEWAY_ENDPOINT)')
    .option('--region <region>', 'the AWS region (WEBSOCKET_AWS_REGION)')
    .option('--prefix <text>', 'what every key in the store starts with, if the application sets "keyPrefix"')
    .addOption(
      new Option('--app <app-module>', "take all that from the application's own module, a compiled file").conflicts(
        own,
      ),
    )
    .option('--export <name>', 'the export of that file that is the module')
    .optionsGroup('Output:')
    .option('--json', 'write JSON: one document, or for lists one a line')
    .option('--debug', 'show the stack of an error');
}

function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** What an environment variable can hold: one that is blank, or `null`, would count as not set. */
function filled(text: string): string {
  if (text.trim() !== '' && text.trim() !== 'null') return text;
  throw new InvalidArgumentError('Expected a value; leave the option out for the default.');
}

/** Route keys whose messages raise an event of their own. */
function routeKeys(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-z][\w-]*$/i.test(name) || eventOfRoute(name) === null);
  if (wrong === undefined) return [...new Set(names)];
  throw new InvalidArgumentError(
    `Expected names such as join,say, got "${wrong}": letters, digits, "-" and "_", and none that events of the package have.`,
  );
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
