import { expect, test } from "vitest";
import { failedRetrain } from "./retrain.ts";
import { retrainEvent } from "./retrain-event.ts";
import { nextNumber, type RetrainRecord, withBegun, withEnded, withReported } from "./retrain-record.ts";

const begun = (number: number, beganMs = 1_000) => ({
  ...{
    number,
    jobId: `retrain-${number}`,
    beganMs,
    trigger: "age" as const,
    reason: "old",
    actor: "scheduler-service",
  },
  window: { from: "2026-W01", to: "2026-W09" },
});

test("a retrain that begins again after a kill keeps its first begin, and ends once", () => {
  const once = withBegun([], begun(1));
  expect(withBegun(once, begun(1, 9_000))).toBe(once);
  const ended = withEnded(once, "retrain-1", failedRetrain("too large"), 5_000);
  expect(ended).toMatchObject([
    { beganMs: 1_000, endedMs: 5_000, result: { failure: "too large" }, isReported: false },
  ]);
  expect(withEnded(ended, "retrain-1", failedRetrain("again"), 6_000)).toEqual(ended);
  expect(withReported(ended, 1)).toMatchObject([{ isReported: true }]);
  expect([nextNumber([]), nextNumber(ended)]).toEqual([1, 2]);
});

test("only the last 50 retrains and 16 notes of each are kept", () => {
  let records: readonly RetrainRecord[] = [];
  for (let number = 1; number <= 60; number++) records = withBegun(records, begun(number));
  expect([records.length, records[0]?.number, nextNumber(records)]).toEqual([50, 11, 61]);
  const result = { ...failedRetrain("x"), notes: Array.from({ length: 20 }, () => "n".repeat(900)) };
  const notes = withEnded(records, "retrain-60", result, 1).at(-1)?.result?.notes ?? [];
  expect([notes.length, notes[0]?.length]).toEqual([16, 500]);
});

test("the event of an end has the same id each time, and another place or retrain has another one", () => {
  const [open] = withBegun([], begun(1));
  const [ended] = withEnded(withBegun([], begun(1)), "retrain-1", failedRetrain("too large"), 5_000);
  if (open === undefined || ended === undefined) throw new Error("no record");
  expect(retrainEvent("late", open, "here")).toBeNull();
  const event = retrainEvent("late", ended, "here");
  expect(event).toMatchObject({
    ...{ kind: "model.retrain_failed", actor: "scheduler-service", subject: "model/late", occurredAtMs: 5_000 },
    payload: { job: "retrain-1", outcome: "failed", failure: "too large", trigger: "age", to_week: "2026-W09" },
  });
  expect(retrainEvent("late", { ...ended, isReported: true }, "here")?.eventId).toBe(event?.eventId);
  for (const other of [retrainEvent("late", ended, "there"), retrainEvent("late", { ...ended, beganMs: 2 }, "here")])
    expect(other?.eventId).not.toBe(event?.eventId);
});
