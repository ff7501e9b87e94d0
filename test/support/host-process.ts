import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EmbeddedGatewayOptions } from '../../src/index.js';
import { Inbox } from './gateway-inbox.js';

const LOADER = new URL('typescript.loader.js', import.meta.url).href;
const HOST = fileURLToPath(new URL('gateway-host.ts', import.meta.url));

/** What the program tells. */
export type HostMessage =
  | { readonly type: 'listening'; readonly url: string | null; readonly applicationUrl: string }
  | {
      readonly type: 'connected';
      readonly connectionId: string;
      readonly sourceIp: string;
      readonly headers: Readonly<Record<string, string | undefined>>;
    }
  | { readonly type: 'working'; readonly connectionId: string }
  | {
      readonly type: 'disconnected';
      readonly connectionId: string;
      readonly cause: string;
      readonly code: number | null;
      /** Whether the store still knows the connection. */
      readonly isKnown: boolean;
    };

type Told<Type extends HostMessage['type']> = Extract<HostMessage, { readonly type: Type }>;

const running: ChildProcess[] = [];

/** Ends what {@link HostProcess.start} started; call it after each test. */
export async function killHosts(): Promise<void> {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** An application with the embedded gateway, running the source in a process that signals end. */
export class HostProcess {
  private readonly told = new Inbox<HostMessage>();
  /** Resolves with the code and the signal that it ended with. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    running.push(child);
    child.on('message', this.told.push);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
  }

  /** @param options `undefined` leaves everything to the environment */
  static async start(
    options: EmbeddedGatewayOptions | undefined,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<HostProcess> {
    const host = new HostProcess(
      fork(HOST, {
        execArgv: ['--import', LOADER],
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
        env: {
          PATH: process.env['PATH'],
          ...(options !== undefined && { GATEWAY_OPTIONS: JSON.stringify(options) }),
          ...environment,
        },
      }),
    );
    const isUp = await Promise.race([host.told.until(1).then(() => true), host.ended.then(() => false)]);
    if (!isUp) throw new Error(`The application did not start.\n${host.output}`);
    return host;
  }

  /** The gateway's address. */
  get url(): string {
    const { url } = this.all('listening')[0]!;
    if (url === null) throw new Error('The gateway is off.');
    return url;
  }

  /** The address of the application's own server. */
  get applicationUrl(): string {
    return this.all('listening')[0]!.applicationUrl;
  }

  get isGatewayOn(): boolean {
    return this.all('listening')[0]?.url !== null;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** All that it has told of one kind. */
  all<Type extends HostMessage['type']>(type: Type): Told<Type>[] {
    return this.told.all.filter((message): message is Told<Type> => message.type === type);
  }

  /** Waits until it has told that often of one kind. */
  async until<Type extends HostMessage['type']>(type: Type, count: number): Promise<Told<Type>[]> {
    while (this.all(type).length < count) await this.told.until(this.told.all.length + 1);
    return this.all(type);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
