import { Inject, Injectable } from '@nestjs/common';
import { HealthProbe, type WebSocketHealth } from './health.probe.js';

/**
 * Tells `@nestjs/terminus` whether the store of connections answers. Terminus itself stays the application's: this loads nothing of it.
 *
 * @example
 * this.health.check([() => this.webSockets.isHealthy()]);
 */
@Injectable()
export class WebSocketHealthIndicator {
  constructor(@Inject(HealthProbe) private readonly probe: HealthProbe) {}

  /** The state of the store under `key`, as an indicator's result; while it is `down` terminus answers 503. Never rejects. */
  async isHealthy<const Key extends string = 'websocket'>(
    key: Key = 'websocket' as Key,
  ): Promise<Record<Key, WebSocketHealth>> {
    return { [key]: await this.probe.check() } as Record<Key, WebSocketHealth>;
  }
}
