import type { Clock } from '../contracts/clock.js';
import type { RateBuckets } from '../contracts/rate.buckets.js';
import type { Log } from '../logging/log.js';
import type { AdmissionRules } from './admission.rules.js';
import type { HandshakeFacts } from './handshake.facts.js';
import { clientOf, IpRanges } from './ip.address.js';
import { OriginList } from './origin.list.js';
import { RateLimit } from './rate.limit.js';
import { Refusal } from './refusal.js';

/** Refuses handshakes by what can be told without asking anybody who the client is. */
export class HandshakeGate {
  private readonly origins: OriginList | null;
  private readonly ips: IpRanges | null;
  private readonly ratePerIp: RateLimit | null;
  private readonly rate: RateLimit | null;

  /** @throws InvalidOptionsError */
  constructor(
    private readonly rules: AdmissionRules,
    shared: () => RateBuckets | null,
    clock: Clock,
    log: Log,
  ) {
    const { origins, allowMissingOrigin, allowedIps, handshakesPerSecond, handshakesPerSecondPerIp } = rules;
    this.origins = origins === null ? null : OriginList.parse('admission.origins', origins, allowMissingOrigin);
    this.ips = allowedIps === null ? null : IpRanges.parse('admission.allowedIps', allowedIps);
    const rateOf = (perSecond: number | null): RateLimit | null =>
      perSecond === null ? null : new RateLimit({ perSecond, burst: perSecond }, shared, clock, log);
    this.ratePerIp = rateOf(handshakesPerSecondPerIp);
    this.rate = rateOf(handshakesPerSecond);
  }

  async refusal(
    { urlBytes, origins }: Pick<HandshakeFacts, 'urlBytes' | 'origins'>,
    sourceIp: string,
  ): Promise<Refusal | null> {
    if (urlBytes > this.rules.maxUrlBytes) return new Refusal(413);
    if (this.ips?.includes(sourceIp) === false) return new Refusal(403);
    if (this.origins?.allows(origins) === false) return new Refusal(403);
    // First its own rate: a client that is over it must not use up what is there for all.
    return (
      (await this.ratePerIp?.take(`handshakes:ip:${clientOf(sourceIp)}`)) ??
      (await this.rate?.take('handshakes')) ??
      null
    );
  }
}
