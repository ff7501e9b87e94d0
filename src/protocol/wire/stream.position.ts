/** A place in the numbered messages of a channel: `offset` counts from 1, and starts anew in another `epoch`. */
export interface WirePosition {
  readonly epoch: string;
  readonly offset: number;
}
