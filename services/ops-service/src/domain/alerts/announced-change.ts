/** A change that a transaction announced with NOTIFY. */
export interface AnnouncedChange {
  readonly payload: string;
  /**
   * Number of the notification, unique in this process. A read that starts after the notification sees the
   * change.
   */
  readonly notification: number;
}
