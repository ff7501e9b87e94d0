import { AsyncLocalStorage } from 'node:async_hooks';
import * as api from '@opentelemetry/api';

/** Does what `@opentelemetry/context-async-hooks` does for spans. */
export class AsyncContexts implements api.ContextManager {
  private readonly storage = new AsyncLocalStorage<api.Context>();

  active(): api.Context {
    return this.storage.getStore() ?? api.ROOT_CONTEXT;
  }

  with<Args extends unknown[], Work extends (...args: Args) => ReturnType<Work>>(
    context: api.Context,
    work: Work,
    thisArg?: ThisParameterType<Work>,
    ...args: Args
  ): ReturnType<Work> {
    return this.storage.run(context, () => work.apply(thisArg, args));
  }

  bind<Target>(_context: api.Context, target: Target): Target {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

/** Reads `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, as `@opentelemetry/propagator-aws-xray` does. */
export class XrayPropagator implements api.TextMapPropagator {
  inject(): void {}

  extract(context: api.Context, carrier: unknown, getter: api.TextMapGetter): api.Context {
    const key = getter.keys(carrier).find((name) => name.toLowerCase() === 'x-amzn-trace-id');
    const header = key === undefined ? undefined : getter.get(carrier, key);
    const [, time, unique, spanId, sampled] =
      /^Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=([01])$/.exec(String(header)) ?? [];
    if (time === undefined || unique === undefined || spanId === undefined) return context;
    const spanContext = { traceId: time + unique, spanId, traceFlags: Number(sampled), isRemote: true };
    return api.trace.setSpanContext(context, spanContext);
  }

  fields(): string[] {
    return ['x-amzn-trace-id'];
  }
}
