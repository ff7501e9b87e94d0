/** How long a store remembers that it removed a connection, so that a late message does not bring it back. */
export const TOMBSTONE_MS = 60_000;
