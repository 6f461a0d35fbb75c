/** A time in which a deputy takes care of the alerts of an owner. Both are written as the owner of an alert. */
export interface Delegation {
  /** A UUID. */
  readonly id: string;
  readonly owner: string;
  readonly deputy: string;
  readonly startsAt: Date;
  /** From then on, the deputy does not have the alerts. */
  readonly endsAt: Date;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null: nobody ended it before its time. */
  readonly endedAt: Date | null;
  /** Empty: nobody. */
  readonly endedBy: string;
}

/** Whether two times have a part in common. */
export function overlaps(
  a: Pick<Delegation, "startsAt" | "endsAt">,
  b: Pick<Delegation, "startsAt" | "endsAt">,
): boolean {
  return a.startsAt < b.endsAt && b.startsAt < a.endsAt;
}
