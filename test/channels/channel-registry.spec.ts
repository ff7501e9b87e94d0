import {
  Controller,
  Inject,
  Injectable,
  Module,
  Scope,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ChannelRegistry } from '../../src/channels/channel.registry.js';
import {
  ChannelAuthorizer,
  InvalidOptionsError,
  OnChannelMessage,
  type ChannelMessageEvent,
  type ChannelRequest,
  type WebSocketModuleOptions,
} from '../../src/index.js';
import { ChannelsServices } from '../../src/websocket.channels-factory.js';
import { startApplication, stopApplications } from '../support/application.js';

afterEach(stopApplications);

const OWNERS = Symbol('owners of orders');

@Injectable()
@ChannelAuthorizer('private-orders.{orderId}', { maxClients: 3, persistent: true })
class OrderChannels {
  constructor(@Inject(OWNERS) private readonly owners: ReadonlyMap<string, string>) {}

  authorize({ params, userId }: ChannelRequest) {
    const owner = this.owners.get(params['orderId'] ?? '');
    return owner !== undefined && owner === userId && { name: owner };
  }

  mayPublish({ userId }: ChannelRequest): boolean {
    return userId === 'ada';
  }
}

/** A module of the application that knows nothing of this package's. */
@Module({ providers: [OrderChannels, { provide: OWNERS, useValue: new Map([['7', 'ada']]) }] })
class OrderModule {}

interface Setup {
  readonly options?: WebSocketModuleOptions;
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

async function start({ options, providers = [], controllers = [], imports = [] }: Setup): Promise<ChannelRegistry> {
  @Module({ imports, providers, controllers })
  class ApplicationModule {}
  const { app } = await startApplication({ ...(options && { options }), importsAfter: [ApplicationModule] });
  return app.get(ChannelsServices).registry;
}

const requestFor = (channel: string, registry: ChannelRegistry, userId: string | null): ChannelRequest => ({
  channel,
  params: registry.match(channel)?.params ?? {},
  connectionId: 'c1',
  userId,
  authorizer: undefined,
  data: undefined,
  connection: { connectionId: 'c1', connectedAt: 0, userId, routeKey: '$connect', channels: [], endpoint: null },
});

const eventFor = (channel: string): ChannelMessageEvent => ({
  connectionId: 'c1',
  userId: null,
  channel,
  params: {},
  data: { text: 'hello' },
  messageId: 'm1',
  timestamp: 0,
  eventData: { requestContext: { connectionId: 'c1', routeKey: '$default' } },
});

/** Calls every listener of a channel. */
async function tell(registry: ChannelRegistry, channel: string): Promise<void> {
  await Promise.all(registry.listenersOf(channel).map((listener) => listener.call(eventFor(channel))));
}

describe('an application without channels', () => {
  it('has the protocol off, and declares nothing', async () => {
    const registry = await start({});
    expect(registry.isOn).toBe(false);
    expect(registry.match('news')).toBeNull();
  });

  it.each([true, {}, { rules: { news: {} } }])('has it on with the option channels: %j', async (channels) => {
    expect((await start({ options: { channels } })).isOn).toBe(true);
  });
});

describe('a provider with @ChannelAuthorizer', () => {
  it('is the rule of its channels, with what is injected into it, in any module', async () => {
    const registry = await start({ imports: [OrderModule] });
    expect(registry.isOn).toBe(true);
    const match = registry.match('private-orders.7');
    expect(match?.rule).toMatchObject({
      pattern: 'private-orders.{orderId}',
      maxMembers: 3,
      history: { maxMessages: 100, maxAgeMs: 3_600_000 },
    });
    const ask = (userId: string | null) => match?.rule.authorize(requestFor('private-orders.7', registry, userId));
    expect(await ask('ada')).toEqual({ isAllowed: true, info: '{"name":"ada"}' });
    expect(await ask('grace')).toEqual({ isAllowed: false });
    expect(await ask(null)).toEqual({ isAllowed: false });
  });

  it('decides who may publish, where it has a method for that', async () => {
    const registry = await start({ imports: [OrderModule] });
    const rule = registry.match('private-orders.7')?.rule;
    const publishing = (userId: string) =>
      rule?.mayPublish({ ...requestFor('private-orders.7', registry, userId), event: undefined, message: null });
    expect(await publishing('ada')).toBe(true);
    expect(await publishing('grace')).toBe(false);
  });

  it('stands beside the rules of the options', async () => {
    const registry = await start({ imports: [OrderModule], options: { channels: { rules: { news: {} } } } });
    expect(registry.match('news')?.rule.pattern).toBe('news');
    expect(registry.match('private-orders.7')?.rule.pattern).toBe('private-orders.{orderId}');
  });

  it('does nothing where the option channels is false', async () => {
    const registry = await start({ imports: [OrderModule], options: { channels: false } });
    expect(registry.isOn).toBe(false);
    expect(registry.match('private-orders.7')).toBeNull();
  });

  it('may have several patterns', async () => {
    @ChannelAuthorizer('a.{id}', { maxClients: 1 })
    @ChannelAuthorizer('b.{id}', { maxClients: 2 })
    class Both {
      authorize(): boolean {
        return true;
      }
    }
    const registry = await start({ providers: [Both] });
    expect(registry.match('a.1')?.rule.maxMembers).toBe(1);
    expect(registry.match('b.1')?.rule.maxMembers).toBe(2);
  });

  it('may be decorated by the class that it extends', async () => {
    @ChannelAuthorizer('private-{topic}')
    abstract class Deciding {
      abstract authorize(request: ChannelRequest): boolean;
    }
    class AdaDecides extends Deciding {
      authorize({ userId }: ChannelRequest): boolean {
        return userId === 'ada';
      }
    }
    const registry = await start({ providers: [AdaDecides] });
    const rule = registry.match('private-x')?.rule;
    expect(await rule?.authorize(requestFor('private-x', registry, 'ada'))).toMatchObject({ isAllowed: true });
    expect(await rule?.authorize(requestFor('private-x', registry, 'eve'))).toEqual({ isAllowed: false });
  });

  it.each<[string, Provider]>([
    ['a factory', { provide: 'orders', useFactory: () => new OrderChannels(new Map([['7', 'ada']])) }],
    [
      'a factory that takes its time',
      { provide: 'orders', useFactory: async () => Promise.resolve(new OrderChannels(new Map())) },
    ],
    ['a value', { provide: 'orders', useValue: new OrderChannels(new Map()) }],
  ])('may come from %s', async (_, provider) => {
    expect((await start({ providers: [provider] })).match('private-orders.7')).not.toBeNull();
  });

  it('counts once, however many tokens it goes by', async () => {
    const aliased = await start({
      providers: [
        { provide: 'first', useFactory: () => new OrderChannels(new Map()) },
        { provide: 'second', useExisting: 'first' },
      ],
    });
    expect(aliased.match('private-orders.7')).not.toBeNull();
  });
});

describe('a method with @OnChannelMessage', () => {
  const heard: string[] = [];
  afterEach(() => void heard.splice(0));

  class Audit {
    @OnChannelMessage('orders.{id}')
    @OnChannelMessage('news')
    record({ channel, params }: ChannelMessageEvent<{ text: string }>): void {
      heard.push(`${this.constructor.name} ${channel} ${JSON.stringify(params)}`);
    }
  }

  it('is called with its provider as this, and the parameters of its own pattern', async () => {
    const registry = await start({ providers: [Audit] });
    expect(registry.isOn).toBe(true);
    await tell(registry, 'orders.7');
    await tell(registry, 'news');
    await tell(registry, 'offers');
    expect(heard).toEqual(['Audit orders.7 {"id":"7"}', 'Audit news {}']);
  });

  it('is called beside those of every other pattern that matches', async () => {
    class Others {
      @OnChannelMessage('orders.7')
      seventh({ params }: ChannelMessageEvent): void {
        heard.push(`seventh ${JSON.stringify(params)}`);
      }

      @OnChannelMessage('orders.{order}')
      any({ params }: ChannelMessageEvent): void {
        heard.push(`any ${JSON.stringify(params)}`);
      }
    }
    const registry = await start({ providers: [Audit, Others] });
    await tell(registry, 'orders.7');
    expect(heard.sort()).toEqual(['Audit orders.7 {"id":"7"}', 'any {"order":"7"}', 'seventh {}']);
  });

  it('may be a controller’s', async () => {
    @Controller()
    class Feed {
      @OnChannelMessage('news')
      hear(): void {
        heard.push('controller');
      }
    }
    await tell(await start({ controllers: [Feed] }), 'news');
    expect(heard).toEqual(['controller']);
  });

  it('is inherited, and counts no more where it is overridden without the decorator', async () => {
    class Inheriting extends Audit {}
    class Silent extends Audit {
      override record(): void {
        heard.push('never');
      }
    }
    await tell(await start({ providers: [Inheriting, Silent] }), 'news');
    expect(heard).toEqual(['Inheriting news {}']);
  });

  it('is called once where its provider goes by several tokens, and once for each instance', async () => {
    const registry = await start({
      providers: [Audit, { provide: 'alias', useExisting: Audit }, { provide: 'another', useClass: Audit }],
    });
    await tell(registry, 'news');
    expect(heard).toEqual(['Audit news {}', 'Audit news {}']);
  });

  it('fails as it fails, for the caller to tell of', async () => {
    class Failing {
      @OnChannelMessage('news')
      async hear(): Promise<void> {
        await Promise.reject(new Error('not today'));
      }
    }
    await expect(tell(await start({ providers: [Failing] }), 'news')).rejects.toThrow('not today');
  });

  it('is found without running getters, or code of values that are no objects', async () => {
    class Guarded {
      get dangerous(): never {
        throw new Error('a getter ran');
      }
    }
    const bare: unknown = Object.create(null);
    const registry = await start({
      providers: [
        Guarded,
        Audit,
        { provide: 'bare', useValue: bare },
        { provide: 'text', useValue: 'text' },
        { provide: 'none', useValue: null },
      ],
    });
    expect(registry.listenersOf('news')).toHaveLength(1);
  });
});

describe('what cannot be meant stops the start', () => {
  class Deciding {
    authorize(): boolean {
      return true;
    }
  }
  @ChannelAuthorizer('orders.{id}')
  class One extends Deciding {}
  @ChannelAuthorizer('orders.{orderId}')
  class Other extends Deciding {}
  @ChannelAuthorizer('orders.{id')
  class Broken extends Deciding {}
  @ChannelAuthorizer('orders.{id}', { maxClients: -1 })
  class Negative extends Deciding {}
  @ChannelAuthorizer('orders.{id}', { publish: true })
  class Twice extends Deciding {
    mayPublish(): boolean {
      return true;
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  @ChannelAuthorizer('orders.{id}')
  class PerRequest extends Deciding {}
  @Injectable({ scope: Scope.TRANSIENT })
  @ChannelAuthorizer('orders.{id}')
  class Transient extends Deciding {}
  @Injectable({ scope: Scope.REQUEST })
  class Session {}
  @Injectable()
  class WithSession {
    constructor(@Inject(Session) readonly session: Session) {}

    @OnChannelMessage('news')
    hear(): void {
      expect(this.session).toBeDefined();
    }
  }
  class Listening {
    @OnChannelMessage('orders.{id')
    hear(): void {
      expect(this).toBeDefined();
    }
  }

  const mute = ChannelAuthorizer('orders.{id}') as (target: object) => void;
  class Mute {}
  mute(Mute);
  const overruled = ChannelAuthorizer('orders.{id}', { authorize: () => true } as object);
  class Overruled extends Deciding {}
  overruled(Overruled);

  it.each<[string, Setup, string, string]>([
    [
      'a pattern that two classes have',
      { providers: [One, Other] },
      'Other: @ChannelAuthorizer(orders.{orderId})',
      'One: @ChannelAuthorizer(orders.{id})',
    ],
    [
      'a pattern that the options have too',
      { providers: [One], options: { channels: { rules: { 'orders.{x}': {} } } } },
      'One: @ChannelAuthorizer(orders.{id})',
      'channels.rules[orders.{x}]',
    ],
    [
      'two patterns of the options',
      { options: { channels: { rules: { 'a.{x}': {}, 'a.{y}': {} } } } },
      'channels.rules[a.{y}]',
      'neither is more specific',
    ],
    [
      'two instances of one class',
      { providers: [One, { provide: 'again', useClass: One }] },
      'One: @ChannelAuthorizer(orders.{id})',
      'Keep one',
    ],
    [
      'no pattern, in the options',
      { options: { channels: { rules: { '{a}{b}': {} } } } },
      'channels.rules[{a}{b}]',
      'Expected a text between',
    ],
    [
      'no pattern, of a class',
      { providers: [Broken] },
      'Broken: @ChannelAuthorizer(orders.{id)',
      'Expected each brace',
    ],
    [
      'no pattern, of a method',
      { providers: [Listening] },
      'Listening: @OnChannelMessage(orders.{id)',
      'Expected each brace',
    ],
    [
      'a rule that is none',
      { providers: [Negative] },
      'Negative: @ChannelAuthorizer(orders.{id}).maxClients',
      'a whole number',
    ],
    ['two answers to who may publish', { providers: [Twice] }, 'Twice: @ChannelAuthorizer(orders.{id})', 'mayPublish'],
    [
      'a class without authorize',
      { providers: [Mute] },
      'Mute: @ChannelAuthorizer(orders.{id})',
      'with a method "authorize"',
    ],
    [
      'an authorize beside that of the class',
      { providers: [Overruled] },
      'Overruled: @ChannelAuthorizer(orders.{id})',
      'no option replaces',
    ],
    [
      'a class per request',
      { providers: [PerRequest] },
      'PerRequest: @ChannelAuthorizer(orders.{id})',
      'the default scope',
    ],
    [
      'a transient class',
      { providers: [Transient] },
      'Transient: @ChannelAuthorizer(orders.{id})',
      'the default scope',
    ],
    [
      'a listener with something per request in it',
      { providers: [Session, WithSession] },
      'WithSession: @OnChannelMessage(news)',
      'the default scope',
    ],
  ])('%s', async (_, setup, option, message) => {
    const failure: unknown = await start(setup).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(InvalidOptionsError);
    expect(failure).toMatchObject({ option, message: expect.stringContaining(message) });
  });
});
