/** How gateways that share a Redis work as one. */
export interface ClusterOptions {
  /**
   * How long a node counts as alive without a sign of life, in milliseconds. It renews that three times in this time; what was connected to a node
   * that died is removed after it.
   *
   * @default 15_000
   */
  readonly leaseMs?: number;

  /** How long a node may take to answer for the connections that a message is for, in milliseconds. @default 2_000 */
  readonly answerTimeoutMs?: number;
}
