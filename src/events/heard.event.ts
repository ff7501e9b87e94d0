/** Under which name an event was published; a method may listen to several. */
const names = new WeakMap<object, string>();

/** Payloads whose message is what a schema made of one. */
const checked = new WeakSet<object>();

/** Whether a listener checks what it hears: else nobody asks for names, and an event need not pay for one. */
let isAnythingChecked = false;

/** Has the payloads of all events that follow named. */
export function nameEvents(): void {
  isAnythingChecked = true;
}

/** Remembers under which name a payload is published. */
export function nameEvent(payload: object, event: string): void {
  if (isAnythingChecked) names.set(payload, event);
}

/** Whether a payload brings a message of this event that has not been checked yet. One that did not come from the publisher may be of any event. */
export function isUnchecked(payload: object, event: string): boolean {
  return 'message' in payload && !checked.has(payload) && (names.get(payload) ?? event) === event;
}

/** Keeps the payload from being checked again, by another decorator of the method or by the one that it overrides. */
export function markChecked<Payload extends object>(payload: Payload): Payload {
  checked.add(payload);
  return payload;
}
