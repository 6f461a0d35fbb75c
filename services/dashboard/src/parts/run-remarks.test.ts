import { BatchRunSchema, LossLimit, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { isLossFailure, remarksOf } from "./run-remarks.ts";

const run = (fields: MessageInitShape<typeof BatchRunSchema>) => create(BatchRunSchema, fields);

test("an ordinary run has no remarks", () => {
  expect(remarksOf(run({ state: RunState.COMPLETE, losses: { exceeded: [] } }))).toEqual([]);
  expect(remarksOf(run({ configHash: "a", model: { configHash: "a" } }))).toEqual([]);
});

test("an overtaken run, accepted losses, a forced week and another configuration are each named", () => {
  const all = run({
    overtakenBy: "2026-W50",
    losses: {
      ...{ rowsRejected: 40n, suppliers: 60n, previousSuppliers: 100n, previousWeek: "2026-W46" },
      accepted: { reason: "sold", actor: "jane" },
    },
    forceFuture: { reason: "rehearsal", actor: "joe" },
    configHash: "a".repeat(64),
    model: { name: "m", version: "v2", configHash: "b".repeat(64) },
  });
  expect(remarksOf(all).map(({ title }) => title)).toEqual([
    "The alert rules were not evaluated",
    "Losses accepted by jane",
    "Run before the week began, by joe",
    "Not the configuration that the model was trained with",
  ]);
  const anonymous = run({ losses: { accepted: { reason: "sold", actor: "anonymous" } } });
  expect(remarksOf(anonymous)[0]?.title).toBe("Losses accepted by somebody");
  expect(remarksOf(all)[0]?.text).toContain("2026-W50 was complete before this week");
  expect(remarksOf(all)[1]?.text).toBe("“sold” (40 rows rejected, 60 suppliers, 100 in 2026-W46)");
});

test("isLossFailure is true only for a failed run that exceeds a limit", () => {
  const losses = { exceeded: [LossLimit.SUPPLIERS] };
  expect(isLossFailure(run({ state: RunState.FAILED, losses }))).toBe(true);
  expect(isLossFailure(run({ state: RunState.FAILED }))).toBe(false);
  expect(isLossFailure(run({ state: RunState.COMPLETE, losses }))).toBe(false);
});
