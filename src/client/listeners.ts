/** Takes a listener away again; harmless when it is gone. */
export type Unsubscribe = () => void;

/** Those who want to hear of something. */
export class Listeners<Args extends unknown[]> {
  readonly #all = new Set<{ readonly call: (...args: Args) => unknown }>();

  readonly add = (call: (...args: Args) => unknown): Unsubscribe => {
    const entry = { call };
    this.#all.add(entry);
    return () => void this.#all.delete(entry);
  };

  emit(...args: Args): void {
    for (const { call } of this.#all) {
      try {
        call(...args);
      } catch (error) {
        surface(error);
      }
    }
  }
}

/** Makes an error of the application's code an uncaught one; it stops nothing here. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
