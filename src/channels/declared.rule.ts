import type { HistoryBounds } from '../contracts/channel.history.js';
import { inTime, LATE, monotonicNow, type Clock } from '../contracts/clock.js';
import { refusalStatusOf } from '../errors/refusal.status.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import { withoutMessage } from '../logging/error.description.js';
import type { Log } from '../logging/log.js';
import type { CheckedChannelRule } from '../options/channels.options-resolver.js';
import type { ChannelPublishRequest, ChannelRequest } from '../options/channels.options.js';
import type { ChannelPattern } from './channel.pattern.js';
import type { ChannelDecision, ResolvedChannelRule } from './channel.rule.js';
import { WireRefusal } from './wire.refusal.js';

/** How long a rule may take to answer; API Gateway waits 29 seconds for the whole request. */
export const RULE_TIMEOUT_MS = 10_000;

/** How often a rule that fails is told of: what makes it fail may come from outside. */
const TELL_EVERY_MS = 10_000;

const NOT_NOW = 'The channel cannot be entered now.';

const DENIED: ChannelDecision = Object.freeze({ isAllowed: false });
const ALLOWED: ChannelDecision = Object.freeze({ isAllowed: true, info: null });

/** What rules of all patterns are judged with. */
export interface RuleSettings {
  readonly clock: Clock;
  readonly log: Log;
  readonly maxMemberInfoBytes: number;
}

/** A rule as it was declared, asked so that no failure of the application's code lets anybody in. */
export class DeclaredRule implements ResolvedChannelRule {
  readonly pattern: string;
  readonly maxMembers: number | null;
  readonly allowsWhispers: boolean;
  readonly history: HistoryBounds | null;
  readonly hasPresence: boolean;
  readonly announces: boolean;
  private readonly isPublic: boolean;
  private toldAt = -Infinity;

  constructor(
    { text, kind }: ChannelPattern,
    private readonly rule: CheckedChannelRule,
    private readonly settings: RuleSettings,
  ) {
    this.pattern = text;
    this.isPublic = kind === 'public';
    this.maxMembers = rule.maxMembers;
    this.allowsWhispers = rule.whisper ?? !this.isPublic;
    this.history = rule.history;
    this.hasPresence = rule.presence ?? kind === 'presence';
    this.announces = this.hasPresence && rule.joinLeave;
  }

  async authorize(request: ChannelRequest): Promise<ChannelDecision> {
    const { authorize } = this.rule;
    if (authorize === null) return this.isPublic ? ALLOWED : DENIED;
    const answer = await this.ask('authorize', () => authorize(request));
    if (answer === true) return ALLOWED;
    if (typeof answer !== 'object' || answer === null) return DENIED;
    return this.withInfo(answer);
  }

  async mayPublish(request: ChannelPublishRequest): Promise<boolean> {
    const { publish } = this.rule;
    if (typeof publish === 'boolean') return publish;
    return (await this.ask('publish', () => publish(request))) === true;
  }

  private withInfo(answer: object): ChannelDecision {
    const { maxMemberInfoBytes } = this.settings;
    const info = jsonOfInfo(answer);
    if (info === null) {
      this.tell('"authorize" answered with a member info that is no object of JSON. Answer true, or a plain object.');
      return DENIED;
    }
    if (Buffer.byteLength(info) > maxMemberInfoBytes) {
      this.tell(
        `"authorize" answered with a member info of more than ${maxMemberInfoBytes} bytes. Tell less of members, or raise "channels.maxMemberInfoBytes".`,
      );
      return DENIED;
    }
    return { isAllowed: true, info };
  }

  /**
   * What the application's code answers; `null` when it throws.
   *
   * @throws WireRefusal `unavailable` when it takes too long, says that it cannot tell now, or found the store away: nobody is to lose a subscription by that
   */
  private async ask(what: string, call: () => unknown): Promise<unknown> {
    try {
      // One that throws at once is a failure like another.
      const work = (async () => call())();
      const answer = await inTime(this.settings.clock, RULE_TIMEOUT_MS, work);
      if (answer !== LATE) return answer;
    } catch (error) {
      if (saysLater(error)) throw new WireRefusal('unavailable', NOT_NOW);
      this.tell(`"${what}" failed.`, withoutMessage(error));
      return null;
    }
    this.tell(`"${what}" gave no answer within ${RULE_TIMEOUT_MS} ms.`);
    throw new WireRefusal('unavailable', NOT_NOW);
  }

  private tell(what: string, error?: Error): void {
    const now = monotonicNow(this.settings.clock);
    if (now - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = now;
    this.settings.log.error('channel.rule-failed', `The rule of ${JSON.stringify(this.pattern)}: ${what}`, { error });
  }
}

/** Whether a rule that threw did not mean to refuse: 429 and 503, or a store that did not answer it. */
function saysLater(error: unknown): boolean {
  const status = refusalStatusOf(error);
  return status === 429 || status === 503 || error instanceof StoreUnavailableError;
}

/** The JSON of a member's info; `null` for what is no object of JSON: an array, a date, something that refers to itself. */
function jsonOfInfo(info: object): string | null {
  try {
    const json: unknown = JSON.stringify(info);
    // An object may write itself as anything.
    return typeof json === 'string' && json.startsWith('{') ? json : null;
  } catch {
    return null;
  }
}
