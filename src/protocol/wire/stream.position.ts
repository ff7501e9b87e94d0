/** A place in the numbered messages of a channel: `offset` counts from 1, and starts anew in another `epoch`. */
export interface WirePosition {
  readonly epoch: string;
  readonly offset: number;
}

/** What a client has of a channel: everything up to a place. Whoever was there before the first message knows of no epoch, and has everything up to 0. */
export type WireRecovery = WirePosition | { readonly epoch?: undefined; readonly offset: 0 };
