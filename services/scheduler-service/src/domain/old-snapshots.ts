import { eventIdOf } from "./event-id.ts";

/** The oldest week of a model whose snapshot is kept. */
export interface KeptSnapshots {
  readonly modelName: string;
  /** ISO week, for example "2026-W40". */
  readonly oldestWeek: string;
  /** Number of weeks that are kept. */
  readonly weeks: number;
}

/** A snapshot file of an old week. */
export interface OldSnapshot {
  readonly week: string;
  readonly bytes: number;
}

/** An event of the audit log about removed snapshots. */
export interface SnapshotEvent {
  /** Id that is computed from the removed files: a repeated report of the same removal is stored once. */
  readonly eventId: string;
  readonly kind: "retention.snapshots_removed";
  readonly actor: string;
  /** "model/NAME". */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  readonly payload: {
    readonly model: string;
    readonly snapshots: number;
    readonly bytes: number;
    readonly snapshotWeeks: number;
    readonly oldestKeptWeek: string;
    /** At most 60. */
    readonly weeks: readonly string[];
  };
}

const MAX_WEEKS = 60;

/** Returns the event of a removal. @param place where the files are: the same week can be removed on two machines */
export function snapshotEvent(
  { modelName, oldestWeek, weeks }: KeptSnapshots,
  removed: readonly OldSnapshot[],
  place: string,
  occurredAtMs: number,
): SnapshotEvent {
  const names = removed.map(({ week, bytes }) => `${week} ${bytes}`);
  return {
    eventId: eventIdOf([place, modelName, ...names]),
    kind: "retention.snapshots_removed",
    actor: "scheduler-service",
    subject: `model/${modelName}`,
    occurredAtMs,
    payload: {
      ...{ model: modelName, snapshots: removed.length, snapshotWeeks: weeks, oldestKeptWeek: oldestWeek },
      bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
      weeks: removed.slice(0, MAX_WEEKS).map(({ week }) => week),
    },
  };
}
