import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  AlertEventKind,
  AlertEventSchema,
  AlertSchema,
  AlertSeverity,
  AlertState,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { alertDetails, changedModelLine } from "./alert-text.ts";

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

test.each([
  [{ band: Band.MEDIUM }, "band medium"],
  [{ severity: AlertSeverity.WARNING }, "severity warning"],
  [{ severity: AlertSeverity.WARNING, band: Band.LOW }, "severity warning and band low"],
])("an override of %o says what it replaces", (replaced, text) => {
  const until = timestampFromDate(new Date("2027-01-15T23:59:59Z"));
  const given = alert({ activeOverride: { ...replaced, until, actor: "ada", reason: "paid in full" } });
  expect(alertDetails(given)).toContain(
    `  override         ${text} until 2027-01-15T23:59:59.000Z by ada: paid in full`,
  );
});

test.each([
  [[], "for cool_down_weeks of the alert rules"],
  [["Accepted for 2 run weeks."], "for 2 run weeks (cool_down_weeks of the alert rules)"],
  [["Accepted for 1 run week.", "Accepted for 2 run weeks."], "for 1 run week (cool_down_weeks of the alert rules)"],
  [["A detail of a later release."], "for cool_down_weeks of the alert rules"],
])("a risk that is accepted without an end has the duration of the latest entry of %j", (details, text) => {
  const kinds = [AlertEventKind.COMMENTED, ...details.map(() => AlertEventKind.RESOLVED)];
  const events = kinds.map((kind, i) => create(AlertEventSchema, { kind, detail: details[i - 1] ?? "" }));
  const given = alert({ state: AlertState.RESOLVED, disposition: Disposition.ACCEPTED });
  expect(alertDetails(given, events)).toContain(`  state            resolved: accepted ${text}`);
});
