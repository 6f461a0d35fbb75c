import { createLogger } from "@bellwether/telemetry/logger";
import { expect, test } from "vitest";
import { type DueErasure, type ErasedFiles, NOTHING_ERASED } from "../domain/erasure.ts";
import { type ErasureCareOptions, eraseDue, startErasureCare } from "./erasure-care.ts";

const logger = createLogger({ name: "test", level: "silent" });
const { signal } = new AbortController();
const DUE: readonly DueErasure[] = [
  { erasureId: 1, supplierId: "S1" },
  { erasureId: 2, supplierId: "S2" },
];

function care(over: Partial<ErasureCareOptions> = {}) {
  const reports: (readonly [number, ErasedFiles])[] = [];
  const options = {
    logger,
    listDue: () => Promise.resolve(DUE),
    erase: (supplierId: string) => Promise.resolve({ ...NOTHING_ERASED, snapshots: supplierId === "S1" ? 1 : 2 }),
    report: async ({ erasureId }: DueErasure, erased: ErasedFiles) => void reports.push([erasureId, erased]),
    ...over,
  };
  return { reports, options };
}

test("each due erasure is reported after it is done", async () => {
  const { reports, options } = care();
  await eraseDue(options, signal);
  expect(reports).toEqual([
    [1, { ...NOTHING_ERASED, snapshots: 1 }],
    [2, { ...NOTHING_ERASED, snapshots: 2 }],
  ]);
});

test("an erasure that fails is not reported, and neither are those after it", async () => {
  const { reports, options } = care({
    erase: (supplierId) => (supplierId === "S1" ? Promise.resolve(NOTHING_ERASED) : Promise.reject(new Error("disk"))),
  });
  await expect(eraseDue(options, signal)).rejects.toThrow("disk");
  expect(reports.map(([erasureId]) => erasureId)).toEqual([1]);
});

test("a pass that fails is repeated by the next one", async () => {
  let passes = 0;
  const done = Promise.withResolvers<void>();
  const { options } = care({
    listDue: () => (passes++ === 0 ? Promise.reject(new Error("ops-service does not answer")) : Promise.resolve(DUE)),
    report: async () => done.resolve(),
  });
  await using _care = startErasureCare({ ...options, everyMs: 1 });
  await done.promise;
  expect(passes).toBeGreaterThan(1);
});
