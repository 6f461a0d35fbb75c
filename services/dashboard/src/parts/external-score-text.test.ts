import {
  ExternalScoreSchema,
  ExternalSourceSchema,
  MissingExternalScore,
} from "@bellwether/gen/bellwether/ops/v1/external_score_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { externalScoreText } from "./external-score-text.ts";

const source = create(ExternalSourceSchema, { title: "Rating", licence: "internal", min: 0, max: 100 });
const textOf = (over: MessageInitShape<typeof ExternalScoreSchema>) =>
  externalScoreText(create(ExternalScoreSchema, { source, asOf: "2026-06-01", ageDays: 29, ...over }));

test("a score has its scale, direction and day, also a score of 0", () => {
  expect(textOf({ score: 0 })).toBe("0 of 0 to 100, higher is better, as of 2026-06-01");
});

test.each([
  [MissingExternalScore.STALE, "missing: the latest is of 2026-06-01, 29 days old"],
  [MissingExternalScore.NONE, "missing: none was imported"],
  [MissingExternalScore.OUTSIDE_SCALE, "missing: outside of the scale"],
])("a missing score is never a number: %s", (missing, expected) => {
  expect(textOf({ missing })).toBe(expected);
});
