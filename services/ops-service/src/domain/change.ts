/** A change that a transaction notified. */
export interface Change {
  readonly payload: string;
  /** Differs from that of every other notification to this process: whoever reads after it sees the change. */
  readonly notification: number;
}
