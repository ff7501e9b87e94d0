import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';

/**
 * What the module of an application holds, as `look` finds it there.
 *
 * @throws CliError when the application does not import this package's module, or that of another copy of the package
 */
export function inModule<Found>(look: () => Found): Found {
  try {
    return look();
  } catch (cause) {
    throw new CliError(
      ExitCode.usage,
      'The application has no WebSocketModule of this copy of the package: import WebSocketModule.forRoot() into it, and run the ' +
        'nest-websocket of its own node_modules (npx nest-websocket).',
      { cause },
    );
  }
}
