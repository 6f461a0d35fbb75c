import { ScoreChangePartsSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { partsText } from "./parts-text.ts";

const versions = { beforeWeek: "2026-W46", beforeVersion: "v1", afterVersion: "v2" };

test("a change of the model is said with the parts of the data and of the model", () => {
  expect(partsText(create(ScoreChangePartsSchema, { ...versions, dataScore: 0.05, modelScore: -0.38 }))).toBe(
    "Scored by v2; 2026-W46 was scored by v1. Of the change, +0.05 follows from the data, −0.38 from the model.",
  );
});

test("parts that were not computed have the reason", () => {
  expect(partsText(create(ScoreChangePartsSchema, { ...versions, notComputed: "ml-service does not answer" }))).toBe(
    "Scored by v2; 2026-W46 was scored by v1. How much of the change follows from the model is not known: ml-service does not answer",
  );
});
