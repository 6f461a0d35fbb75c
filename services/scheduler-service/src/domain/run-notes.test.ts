import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type RunCircumstances, runNotes } from "./run-notes.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const ORDINARY: RunCircumstances = {
  ...{
    wasComplete: false,
    begunAnew: false,
    acceptsLosses: false,
    rejected: [],
    newestAsOf: null,
    cleanedIds: null,
    changedAttributes: null,
  },
  ...{ reference: "2026-W46", features: ["delay"] },
};
const notes = (fields: MessageInitShape<typeof BatchRunSchema>, how: Partial<RunCircumstances> = {}) => {
  const measured = { rowsScored: 500n, drift: [{ feature: "delay", psi: 0 }] };
  const recorded = { isoWeek: "2026-W47", sourceDigest: A, configHash: A };
  return runNotes(create(BatchRunSchema, { ...recorded, ...measured, ...fields }), { ...ORDINARY, ...how });
};

test("an ordinary run has no notes", () => {
  expect(notes({ model: { name: "m", version: "v1", configHash: A } })).toEqual([]);
  expect(notes({}, { wasComplete: true })).toEqual([]);
});

test("ids that lost characters are counted, and the duplicates that come of it", () => {
  expect(notes({}, { cleanedIds: { rows: 0, duplicates: 0 } })).toEqual([]);
  expect(notes({}, { cleanedIds: { rows: 3, duplicates: 1 } })).toEqual([
    "3 supplier ids lost characters that cannot be seen or white space around them; 1 rows are duplicates since",
  ]);
});

test("attributes that are not kept as given are counted, each with what became of it", () => {
  expect(notes({}, { changedAttributes: [] })).toEqual([]);
  const changedAttributes = [
    { attribute: "display_name", change: "cut to 512 bytes", rows: 2 },
    { attribute: "exposure", change: "negative, made unknown", rows: 7 },
  ];
  expect(notes({}, { changedAttributes })).toEqual([
    "display_name of 2 suppliers: cut to 512 bytes",
    "exposure of 7 suppliers: negative, made unknown",
  ]);
});

test("the snapshot date is named, with a warning when it is more than 31 days before the week", () => {
  expect(notes({}, { newestAsOf: "2026-10-16" })).toEqual(["the newest snapshot date of the data is 2026-10-16"]);
  expect(notes({}, { newestAsOf: "2026-10-15" })).toEqual([
    "warning: the newest snapshot date of the data is 2026-10-15, 32 days before 2026-W47 begins (2026-11-16); check that the file is that of the week",
  ]);
});

test("an overtaken run says that the rules were not evaluated, and by which week", () => {
  expect(notes({ overtakenBy: "2026-W50" })).toEqual([
    "rules not evaluated: 2026-W50 was complete before 2026-W47; alerts stay as they were",
  ]);
});

test("another configuration than the model's is named with both hashes, and none is said not to be compared", () => {
  const model = { name: "m", version: "v1" };
  expect(notes({ model: { ...model, configHash: B } })[0]).toBe(
    `the configuration of the run (${A}) is not the one that m v1 was trained with (${B})`,
  );
  expect(notes({ model: { ...model, configHash: "" } })[0]).toContain("m v1 records no configuration");
});

test("decisions of people are named with their reason, and rows that repeat others are counted", () => {
  const losses = {
    ...{ rowsRejected: 40n, rowsRepeated: 7n, suppliers: 60n, previousSuppliers: 100n, previousWeek: "2026-W46" },
    accepted: { reason: "sold", actor: "jane" },
  };
  expect(notes({ losses, forceFuture: { reason: "rehearsal", actor: "joe" } })).toEqual([
    "forced before the week began, by joe: rehearsal",
    "losses accepted by jane: sold (40 rows rejected, 60 suppliers, 100 in 2026-W46)",
    "7 rows repeat an earlier row exactly",
  ]);
});

test("suppliers that no earlier week can be compared with are said not to be compared", () => {
  expect(notes({ losses: { suppliers: 60n } })).toEqual([
    "number of suppliers not compared: there is no earlier complete week of this model",
  ]);
  expect(notes({ losses: { suppliers: 60n, previousSuppliers: 0n, previousWeek: "2026-W46" } })).toEqual([]);
});

test("accepted losses name the reasons of rejected rows without their values", () => {
  const sample = { file: "week.csv", line: 2, text: "soon" };
  const rejected = [{ column: "delay", reason: "not a number", rows: 40, sample }];
  const losses = { rowsRejected: 40n, suppliers: 60n, accepted: { reason: "sold", actor: "jane" } };
  expect(notes({ losses }, { rejected })).toContain(
    "rejected: 40 rows, delay: not a number (for example line 2 of week.csv)",
  );
  expect(notes({}, { rejected })).toEqual([]);
});

test("an acceptance that was not needed is said to be recorded nowhere", () => {
  expect(notes({}, { acceptsLosses: true })).toEqual([
    "the acceptance of losses was not needed and is not recorded: no limit was exceeded",
  ]);
  expect(notes({}, { acceptsLosses: true, wasComplete: true })).toEqual([
    "the acceptance of losses is not recorded: nothing was run",
  ]);
});

test("what is not compared or not kept is said", () => {
  expect(notes({ sourceDigest: "" }, { wasComplete: true })[0]).toContain("the file was not compared");
  expect(notes({ sourceDigest: "" })).toEqual([]);
  expect(notes({}, { begunAnew: true })[0]).toMatch(/^begun anew/);
});

test("drift that is not measured, or over too few rows, is said", () => {
  expect(notes({}, { reference: null })).toEqual(["drift not measured: there is no report of an earlier week"]);
  expect(notes({}, { features: ["delay", "spend", "region"] })).toEqual([
    "drift not measured of spend, region: unknown in 2026-W46, which it is measured against",
  ]);
  expect(notes({ rowsScored: 499n })).toEqual(["drift over 499 rows is mostly chance; below 500 rows it says little"]);
});
