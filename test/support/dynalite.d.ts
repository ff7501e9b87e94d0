declare module 'dynalite' {
  import type { Server } from 'node:http';

  export interface DynaliteOptions {
    /** How long a new table cannot be used. @default 500 */
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
  }

  /** A DynamoDB in memory, behind HTTP. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
