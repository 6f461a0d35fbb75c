import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { noRunText } from "./find-run.ts";

const run = (isoWeek: string, modelName = "m") => create(BatchRunSchema, { isoWeek, modelName });

test("a week without a run names the newest weeks that have one, and the command that runs it", () => {
  const runs = ["2026-W41", "2026-W47", "2026-W46", "2026-W45", "2026-W44", "2026-W43", "2026-W47"].map((week) =>
    run(week),
  );
  expect(noRunText("2026-W42", undefined, runs)).toBe(
    "2026-W42 has no run; weeks with one: 2026-W47, 2026-W46, 2026-W45, 2026-W44, 2026-W43 and 1 more. To run it: npx bellwether weekly run --week 2026-W42 --input FILE",
  );
});

test("only the runs of the named model count", () => {
  expect(noRunText("2026-W42", "n", [run("2026-W41"), run("2026-W40", "n")])).toMatch(
    /^2026-W42 has no run of the model "n"; weeks with one: 2026-W40\. To run it: .* --model n$/,
  );
  expect(noRunText("2026-W42", undefined, [])).toContain("no week has one");
});
