import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { changedModelLine } from "./alert-text.ts";

const alert = (over: MessageInitShape<typeof AlertSchema> = {}) =>
  create(AlertSchema, { supplierId: "S 1", modelVersion: "v3", lastWeek: "2026-W10", scoreChange: 0.1, ...over });
const score = { isoWeek: "2026-W10", previousIsoWeek: "2026-W09", previousModelVersion: "v1" };

test("an alert without the parts of its change names the versions of both scores, and the command", () => {
  expect(changedModelLine(alert(), score)).toBe(
    "  the model changed from v1 (2026-W09) to v3: bellwether suppliers change 'S 1' splits the change of the score into data and model",
  );
});

test.each([
  [{ scoreChangeParts: { beforeVersion: "v1" } }, score],
  [{ scoreChange: undefined }, score],
  [{ modelVersion: "v1" }, score],
  [{ lastWeek: "2026-W08" }, score],
  [{}, { ...score, previousModelVersion: "" }],
  [{}, undefined],
])("with %o and the score %o, nothing is said", (over, of) => {
  expect(changedModelLine(alert(over), of)).toBe("");
});
