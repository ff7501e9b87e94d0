import type { ModulesContainer } from '@nestjs/core';
import type { Clock } from '../contracts/clock.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { ChannelMessageEvent } from '../events/websocket-events.js';
import type { Log } from '../logging/log.js';
import {
  readChannelRule,
  type CheckedChannelRule,
  type ResolvedChannelsOptions,
} from '../options/channels.options-resolver.js';
import type { AuthorizeChannel, ChannelAuthorizerRule, MayPublish } from '../options/channels.options.js';
import type { AuthorizerDeclaration } from './channel.decorators.js';
import { ChannelPattern } from './channel.pattern.js';
import type { ResolvedChannelRule } from './channel.rule.js';
import { DeclaredRule } from './declared.rule.js';
import { callMethod, decoratedProviders, type DecoratedProvider } from './decorated.providers.js';
import { PatternIndex } from './pattern.index.js';

/** A rule for a channel, and what stands in the channel's name in the place of its parameters; the object has no prototype. */
export interface ChannelMatch {
  readonly rule: ResolvedChannelRule;
  readonly params: Readonly<Record<string, string>>;
}

/** A method that is told of what clients publish to a channel. */
export interface ChannelListener {
  readonly params: Readonly<Record<string, string>>;
  /** Calls it with the event, whose `params` become those of its own pattern. Throws, or rejects with, what the method does. */
  call(event: ChannelMessageEvent): unknown;
}

type Call = (event: ChannelMessageEvent) => unknown;

interface Declaration {
  readonly path: string;
  readonly rule: ResolvedChannelRule;
}

/** Which channels there are, and who listens to them: what the options declare and what providers are decorated with. */
export class ChannelRegistry {
  private readonly rules = new PatternIndex<Declaration>();
  private readonly listeners = new PatternIndex<Call>();
  private hasDecorated = false;

  /** @throws InvalidOptionsError when a pattern of the options is none, or cannot be told apart from another */
  constructor(
    private readonly options: ResolvedChannelsOptions,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    for (const [pattern, rule] of options.rules) this.declare(pattern, rule, `channels.rules[${pattern}]`);
  }

  /** Whether the protocol is on. */
  get isOn(): boolean {
    return this.options.isOn ?? this.hasDecorated;
  }

  /**
   * Adds the decorated providers of the application; call it once, when all of them exist (`onModuleInit`).
   *
   * @throws InvalidOptionsError when a pattern is none, or cannot be told apart from another, or a provider is not in the default scope
   */
  discover(modules: ModulesContainer): void {
    if (this.options.isOn === false) return;
    for (const provider of decoratedProviders(modules)) {
      this.hasDecorated = true;
      for (const authorizer of provider.authorizers) this.addAuthorizer(provider, authorizer);
      for (const { key, patterns } of provider.listeners) {
        for (const pattern of patterns) this.addListener(provider, key, pattern);
      }
    }
  }

  /** The rule of a channel; `null` for one that is not declared. */
  match(channel: string): ChannelMatch | null {
    const match = this.rules.find(channel);
    return match === null ? null : { rule: match.value.rule, params: match.params };
  }

  /** The methods that are told of what clients publish to a channel: those of every pattern that matches. */
  listenersOf(channel: string): readonly ChannelListener[] {
    return [...this.listeners.matches(channel)].map(({ value: call, params }) => ({
      params,
      call: (event) => call({ ...event, params }),
    }));
  }

  private addAuthorizer(provider: DecoratedProvider, { pattern, rule }: AuthorizerDeclaration): void {
    const path = pathOf(provider, 'ChannelAuthorizer', pattern);
    requireKept(provider, path);
    this.declare(pattern, ruleOf(provider.instance, rule, path), path);
  }

  private addListener(provider: DecoratedProvider, key: string | symbol, pattern: string): void {
    const path = pathOf(provider, 'OnChannelMessage', pattern);
    requireKept(provider, path);
    this.listeners.add(ChannelPattern.parse(pattern, path), (event) => callMethod(provider.instance, key, event));
  }

  private declare(text: string, rule: CheckedChannelRule, path: string): void {
    const { clock, log } = this;
    const { maxMemberInfoBytes } = this.options;
    const pattern = ChannelPattern.parse(text, path);
    const rival = this.rules.rivalOf(pattern);
    if (rival !== undefined) {
      throw new InvalidOptionsError(
        path,
        `"${path}" and "${rival.path}" are for the same channels, and neither is more specific. Keep one of them.`,
      );
    }
    this.rules.add(pattern, { path, rule: new DeclaredRule(pattern, rule, { clock, log, maxMemberInfoBytes }) });
  }
}

/** The rule that a class makes with what its decorator was given. */
function ruleOf(instance: object, given: ChannelAuthorizerRule, path: string): CheckedChannelRule {
  const checked = readChannelRule(given, path);
  const has = (method: string) => typeof Reflect.get(instance, method) === 'function';
  if (checked.authorize !== null || !has('authorize'))
    throw new InvalidOptionsError(
      path,
      `Expected "${path}" to be on a class with a method "authorize", which no option replaces.`,
    );
  if (given.publish !== undefined && has('mayPublish'))
    throw new InvalidOptionsError(path, `"${path}" has both a method "mayPublish" and "publish". Keep one of them.`);
  const authorize: AuthorizeChannel = (request) =>
    callMethod(instance, 'authorize', request) as ReturnType<AuthorizeChannel>;
  const mayPublish: MayPublish = (request) => callMethod(instance, 'mayPublish', request) as ReturnType<MayPublish>;
  return { ...checked, authorize, publish: has('mayPublish') ? mayPublish : checked.publish };
}

function requireKept({ isKept, name }: DecoratedProvider, path: string): void {
  if (isKept) return;
  throw new InvalidOptionsError(
    path,
    `"${path}" is on a provider of which there are many instances. Give ${name}, and all that is injected into it, the default scope.`,
  );
}

function pathOf({ name }: DecoratedProvider, decorator: string, pattern: string): string {
  return `${name}: @${decorator}(${pattern})`;
}
