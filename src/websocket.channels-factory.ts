import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { RateLimit } from './admission/rate.limit.js';
import { ApplicationRequests } from './channels/application.requests.js';
import { ChannelAccess } from './channels/channel.access.js';
import { ChannelHistoryReader } from './channels/channel.history-reader.js';
import { ChannelPresence } from './channels/channel.presence.js';
import { ChannelPublisher } from './channels/channel.publisher.js';
import { ChannelRegistry } from './channels/channel.registry.js';
import { ChannelService } from './channels/channel.service.js';
import { Channels } from './channels/channels.js';
import { homeFactsOf } from './channels/home.facts.js';
import { Publications } from './channels/publications.js';
import { QuestionService } from './channels/question.service.js';
import { RequestOnce } from './channels/request.claim.js';
import { Subscriptions } from './channels/subscriptions.js';
import { WireOutbox } from './channels/wire.outbox.js';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import { ConnectionStore } from './contracts/connection.store.js';
import type { RequestClaims } from './contracts/request.claims.js';
import { EventPublisher } from './events/event.publisher.js';
import { MessageSender } from './fanout/message.sender.js';
import { Log } from './logging/log.js';
import { OutageLog } from './logging/outage.log.js';
import { MemoryRequestClaims } from './stores/cache/memory-request.claims.js';
import { WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

/** What channels are made of. */
export interface ChannelsParts {
  readonly options: ResolvedWebSocketOptions;
  readonly store: ConnectionStore;
  readonly lifecycle: ConnectionLifecycle;
  readonly publisher: EventPublisher;
  readonly sender: MessageSender;
  readonly modules: ModulesContainer;
  readonly log: Log;
}

/** What clients do in channels, and what the application does with them. */
export class ChannelsServices {
  constructor(
    readonly registry: ChannelRegistry,
    readonly channels: Channels,
    readonly questions: QuestionService,
    readonly service: ChannelService,
    private readonly prepare: () => void,
  ) {}

  /**
   * Finds the decorated providers, when every module is up.
   *
   * @throws InvalidOptionsError when the pattern of one cannot be used
   */
  start(): void {
    this.prepare();
  }
}

export function createChannels(parts: ChannelsParts): ChannelsServices {
  const { options, store, lifecycle, publisher, sender, modules, log } = parts;
  const { clock, maxPayloadBytes } = options;
  const { requestsPerSecond, whispersPerSecond, maxRecovered, answerTimeoutMs } = options.channels;
  const registry = new ChannelRegistry(options.channels, clock, log);
  const outages = new OutageLog(log, clock, 'store.unavailable', 'A request of a client could not be handled');
  const unannounced = new OutageLog(log, clock, 'presence.untold', 'It could not be told who is in a channel');
  const outbox = new WireOutbox(sender, maxPayloadBytes, clock);
  const access = new ChannelAccess(store, registry);
  const once = new RequestOnce(claimsOf(parts));
  const history = new ChannelHistoryReader(store, registry);
  const presence = new ChannelPresence(store, registry, sender, publisher, unannounced);
  const published = new ChannelPublisher(store, registry, sender, clock, maxPayloadBytes, outages);
  const questions = new QuestionService(store, sender, { clock, answerTimeoutMs, isOn: () => registry.isOn });
  const subscriptions = new Subscriptions(lifecycle, access, presence, history, outbox, maxRecovered);
  const publications = new Publications({
    ...{ store, access, registry, sender, publisher, once, outbox, log },
    channels: published,
  });
  const application = new ApplicationRequests(store, publisher, once, outbox, clock, homeFactsOf(options));
  const rate = (perSecond: number): RateLimit =>
    new RateLimit({ perSecond, burst: 2 * perSecond }, () => store.rateBuckets(), clock, log);
  const service = new ChannelService({
    ...{ registry, subscriptions, publications, application, questions, outbox, outages, log },
    requests: rate(requestsPerSecond),
    whispers: rate(whispersPerSecond),
  });
  const channels = new Channels(store, published, presence, history, subscriptions);
  return new ChannelsServices(registry, channels, questions, service, () => {
    registry.discover(modules);
    if (!registry.isOn) return;
    lifecycle.observeMemberships(presence);
    tellWhatIsMissing(parts);
  });
}

/** Where ids of requests are remembered: in the store, or in this process. */
function claimsOf({ store, options }: ChannelsParts): () => RequestClaims {
  let claims: RequestClaims | undefined;
  return () => (claims ??= store.claims() ?? new MemoryRequestClaims(options.clock));
}

function tellWhatIsMissing({ store, log }: ChannelsParts): void {
  if (store.presence() === null) {
    log.warn(
      'channels.no-presence',
      'The store has no place for presence: clients are refused in channels whose rule has it. Set the option "redis" or "dynamodb".',
    );
  }
  if (store.history() === null) {
    log.warn(
      'channels.no-history',
      'The store has no place for messages: channels whose rule is "persistent" keep none. Set the option "redis" or "dynamodb".',
    );
  }
  if (store.claims() === null) {
    log.warn(
      'channels.no-claims',
      'The store has no place for ids of requests: each process remembers its own, and one that is sent again to another is done twice. Set the option ' +
        '"redis" or "dynamodb".',
    );
  }
}

/** What the module provides of channels. */
export const channelsProviders: Provider[] = [
  {
    provide: ChannelsServices,
    inject: [
      WEBSOCKET_OPTIONS,
      ConnectionStore,
      ConnectionLifecycle,
      EventPublisher,
      MessageSender,
      ModulesContainer,
      Log,
    ],
    useFactory: (
      options: ResolvedWebSocketOptions,
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      publisher: EventPublisher,
      sender: MessageSender,
      modules: ModulesContainer,
      log: Log,
    ) => createChannels({ options, store, lifecycle, publisher, sender, modules, log }),
  },
  { provide: ChannelService, inject: [ChannelsServices], useFactory: ({ service }: ChannelsServices) => service },
  { provide: Channels, inject: [ChannelsServices], useFactory: ({ channels }: ChannelsServices) => channels },
  { provide: QuestionService, inject: [ChannelsServices], useFactory: ({ questions }: ChannelsServices) => questions },
];
