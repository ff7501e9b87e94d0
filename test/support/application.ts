import { Test } from '@nestjs/testing';
import type { INestApplication, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { WebSocketManager, WebSocketModule, type WebSocketModuleOptions } from '../../src/index.js';

/** A Nest application with the module in it, told only what is different about it. */
export interface ApplicationSetup {
  readonly options?: WebSocketModuleOptions;
  /** Replaces `WebSocketModule.forRoot(options)`. */
  readonly module?: NonNullable<ModuleMetadata['imports']>[number];
  readonly importsBefore?: NonNullable<ModuleMetadata['imports']>;
  readonly importsAfter?: NonNullable<ModuleMetadata['imports']>;
  readonly providers?: Provider[];
}

export interface RunningApplication {
  readonly app: INestApplication;
  readonly manager: WebSocketManager;
  get<Instance>(token: Type<Instance>): Instance;
}

const running: INestApplication[] = [];

/** Starts an application; {@link stopApplications} stops it. */
export async function startApplication(setup: ApplicationSetup = {}): Promise<RunningApplication> {
  const {
    options = {},
    module = WebSocketModule.forRoot(options),
    importsBefore = [],
    importsAfter = [],
    providers = [],
  } = setup;
  const testing = await Test.createTestingModule({
    imports: [...importsBefore, module, ...importsAfter],
    providers,
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  running.push(app);
  await app.init();
  return { app, manager: app.get(WebSocketManager), get: (token) => app.get(token, { strict: false }) };
}

/** Stops what was started; call it after each test. */
export async function stopApplications(): Promise<void> {
  for (const app of running.splice(0)) await app.close();
}
