import { describe, expect, test } from "vitest";
import { checkOutcome, type KnownPrediction } from "./check-outcomes.ts";
import type { OutcomeInput, OutcomeSource } from "./outcome.ts";

const NOW = new Date("2026-06-10T08:00:00Z");
const ID = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f";
const PREDICTION: KnownPrediction = { supplierId: "S-1", isoWeek: "2026-W01", modelName: "supplier-risk" };

function check(over: Partial<OutcomeInput>, source: OutcomeSource = "file") {
  const input: OutcomeInput = {
    ...{
      supplierId: "S-1",
      predictionId: "",
      isoWeek: "",
      occurred: true,
      happenedOn: "2026-03-01",
      knownOn: "",
      note: "",
    },
    ...over,
  };
  const rules = { now: NOW, horizonDays: 30, source, modelName: "supplier-risk" };
  return checkOutcome(0, input, (id) => (id === ID ? PREDICTION : undefined), rules);
}

const reasons = (over: Partial<OutcomeInput>, source?: OutcomeSource): string[] =>
  check(over, source).violations.map(({ field, reason }) => `${field} ${reason}`);

describe("a valid outcome", () => {
  test("with a day gets the day on which it is recorded as the day from which it was known", () => {
    expect(check({}).draft).toEqual({
      ...{ supplierId: "S-1", isoWeek: "", occurred: true, happenedOn: "2026-03-01", knownOn: "2026-06-10" },
      ...{ note: "", predictionId: null },
    });
  });
  test("with a prediction gets its supplier and week", () => {
    const { draft, violations } = check({ supplierId: "", predictionId: ID.toUpperCase(), happenedOn: "" });
    expect(violations).toEqual([]);
    expect(draft).toMatchObject({ supplierId: "S-1", isoWeek: "2026-W01", predictionId: ID, happenedOn: null });
  });
  test("may be of any age", () => {
    expect(check({ happenedOn: "1999-12-31", knownOn: "2001-01-01" }).violations).toEqual([]);
  });
});

describe("an outcome is rejected", () => {
  test("without a value, a supplier or anything that it is about", () => {
    expect(reasons({ occurred: undefined })).toEqual(["value is missing; expected OCCURRED or NOT_OCCURRED"]);
    expect(reasons({ supplierId: "" })[0]).toContain("supplier_id is missing");
    expect(reasons({ happenedOn: "" })[0]).toContain("iso_week is missing; name the week");
    expect(reasons({ occurred: false, happenedOn: "" })).toHaveLength(2);
  });
  test("when it is in the future, everywhere on Earth", () => {
    expect(reasons({ happenedOn: "2026-06-11" })).toContain("happened_on is in the future");
    expect(reasons({ knownOn: "2026-06-12" })).toContain("known_on is in the future");
    expect(reasons({ happenedOn: "", isoWeek: "2026-W26" })).toContain("iso_week is in the future");
    expect(reasons({ happenedOn: "2026-06-10" })).toEqual([]);
  });
  test("when it was known before it happened", () => {
    expect(reasons({ knownOn: "2026-02-28" })).toEqual(["known_on is before happened_on, 2026-03-01"]);
    expect(reasons({ knownOn: "2026-03-01" })).toEqual([]);
  });
  test("when a day or a week does not exist", () => {
    expect(reasons({ happenedOn: "2026-02-30" })).toEqual(["happened_on is not a day such as 2026-03-01"]);
    expect(reasons({ happenedOn: "1.3.2026" })).toHaveLength(1);
    expect(reasons({ happenedOn: "0202-03-01" })).toEqual(["happened_on is before 1990-01-01"]);
    expect(reasons({ happenedOn: "", isoWeek: "2026-W54" })).toEqual(["iso_week is not an ISO week such as 2026-W10"]);
  });
  test("when the day is not within the horizon of the week; both ends", () => {
    // 2026-W05 ends on Sunday, 1 February.
    for (const happenedOn of ["2026-02-02", "2026-03-03"])
      expect(reasons({ isoWeek: "2026-W05", happenedOn })).toEqual([]);
    for (const happenedOn of ["2026-02-01", "2026-03-04"])
      expect(reasons({ isoWeek: "2026-W05", happenedOn })[0]).toContain("is not within the 30 days after 2026-W05");
  });
  test("when nothing can be known yet about the end of the horizon, unless a person reviewed the supplier", () => {
    const early = { isoWeek: "2026-W22", happenedOn: "", occurred: false };
    expect(reasons(early)[0]).toContain("is not known before the horizon of 2026-W22 is over");
    expect(reasons(early, "review")).toEqual([]);
    expect(reasons({ ...early, isoWeek: "2026-W15", knownOn: "2026-05-01" })).toHaveLength(1);
    expect(reasons({ ...early, isoWeek: "2026-W15" })).toEqual([]);
  });
  test("when it did not occur and has a day", () => {
    expect(reasons({ occurred: false, isoWeek: "2026-W05" })[0]).toContain("although the risk did not occur");
  });
  test("when its prediction is not known, or is of another supplier or model", () => {
    expect(reasons({ predictionId: "x" })).toEqual(["prediction_id is not a UUID"]);
    expect(reasons({ predictionId: ID.replace("5f", "60") })[0]).toContain("is not the id of a prediction");
    expect(reasons({ predictionId: ID, supplierId: "S-2", happenedOn: "" })[0]).toContain(
      'is not the supplier of the prediction, "S-1"',
    );
  });
  test("when its week is not the week of its prediction, also with a week that does not exist", () => {
    for (const isoWeek of ["2026-W02", "2026-W54", "2099-W01"])
      expect(reasons({ predictionId: ID, isoWeek, happenedOn: "" })).toEqual([
        "iso_week is not the week of the prediction, 2026-W01",
      ]);
    expect(reasons({ predictionId: ID, isoWeek: "2026-W01", happenedOn: "" })).toEqual([]);
    expect(reasons({ predictionId: ID, isoWeek: "2026-W01" })).toEqual([
      expect.stringContaining("2026-W01 is the week of the prediction: name supplier_id instead"),
    ]);
  });
  test("when it was known before its week began; both sides", () => {
    const week = { isoWeek: "2026-W05", happenedOn: "" };
    // 2026-W05 begins on Monday, 26 January.
    const before = ["known_on is before 2026-W05, which began on 2026-01-26"];
    expect(reasons({ ...week, knownOn: "2026-01-25" })).toEqual(before);
    expect(reasons({ ...week, knownOn: "2026-01-25", occurred: false })).toEqual(before);
    expect(reasons({ ...week, knownOn: "2026-01-25", occurred: false }, "review")).toEqual(before);
    expect(reasons({ ...week, knownOn: "2026-01-26" })).toEqual([]);
  });
  test("when its texts are too long or have NUL characters", () => {
    expect(reasons({ supplierId: "x".repeat(129) })[0]).toContain("longer than 128 bytes");
    expect(reasons({ note: "a\0b" })[0]).toContain("NUL character");
    expect(check({ note: "x".repeat(2_000) }).violations[0]?.value).toHaveLength(200);
  });
});
