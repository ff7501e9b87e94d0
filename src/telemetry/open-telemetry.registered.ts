/** Where every copy of version 1 of `@opentelemetry/api` finds what an SDK has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** Whether an SDK of OpenTelemetry is registered: one that has loaded the API already. */
export function isOpenTelemetryRegistered(): boolean {
  return REGISTERED in globalThis;
}
