/** How the embedded gateway compresses messages (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /** Messages of fewer bytes are sent as they are. @default 1_024 */
  readonly thresholdBytes?: number;

  /** How hard zlib tries, from 1 (fast) to 9 (small). @default 6 */
  readonly level?: number;

  /** How much memory zlib takes while it compresses, from 1 to 9: 2 to the power of 9 more, in bytes. @default 5 */
  readonly memLevel?: number;
}
