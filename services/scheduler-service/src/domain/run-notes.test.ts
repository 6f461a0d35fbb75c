import { BatchRunSchema, CheckOutcome } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type RunCircumstances, runNotes } from "./run-notes.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const ORDINARY: RunCircumstances = {
  ...{
    wasComplete: false,
    begunAnew: false,
    acceptsLosses: false,
    remark: "",
    correctedInput: null,
    rejected: [],
    newestAsOf: null,
    cleanedIds: null,
    changedAttributes: null,
  },
  ...{ drift: [], chunkRows: 4_096 },
};
const notes = (fields: MessageInitShape<typeof BatchRunSchema>, how: Partial<RunCircumstances> = {}) => {
  const measured = { rowsScored: 500n, drift: [{ feature: "delay", psi: 0 }] };
  const recorded = { isoWeek: "2026-W47", sourceDigest: A, configHash: A };
  return runNotes(create(BatchRunSchema, { ...recorded, ...measured, ...fields }), { ...ORDINARY, ...how });
};

test("a run without peculiarities has no notes", () => {
  expect(notes({ model: { name: "m", version: "v1", configHash: A } })).toEqual([]);
  expect(notes({}, { wasComplete: true })).toEqual([]);
});

test("a revision says what it changed against the one that it replaced", () => {
  const counts = { suppliers: 390n, scoresChanged: 12n, maxScoreChange: 0.25, bandsChanged: 1n };
  const changes = { ...counts, suppliersAdded: 8n, suppliersRemoved: 1n, alertsRaised: { count: 2 } };
  expect(notes({ revision: 2, changes })).toEqual([
    "revision 2 replaced an earlier revision of the week: 12 of 390 scores changed (by at most 0.25), 1 band; 8 suppliers added, 1 removed; alerts: 2 raised, 0 cleared, 0 with another severity",
  ]);
});

test("names the size of the chunks when it is not that of the setting, except for a run that was complete before", () => {
  expect(notes({ chunkRows: 4_096 })).toEqual([]);
  expect(notes({ chunkRows: 1_000 })).toEqual([
    "continued with chunks of 1000 suppliers, with which the run began; the setting of 4096 (WEEKLY_CHUNK_ROWS) applies to the next run",
  ]);
  expect(notes({ chunkRows: 1_000 }, { wasComplete: true })).toEqual([]);
  expect(notes({ chunkRows: 0 }, { chunkRows: 2_000 })).toEqual([
    "scored in chunks of 4096 suppliers, not of 2000 (WEEKLY_CHUNK_ROWS): ops-service does not record the size of chunks; update it",
  ]);
});

test("counts changed supplier ids, and the rows that became duplicates", () => {
  expect(notes({}, { cleanedIds: { rows: 0, duplicates: 0 } })).toEqual([]);
  expect(notes({}, { cleanedIds: { rows: 3, duplicates: 1 } })).toEqual([
    "3 supplier ids had invisible characters or surrounding white space, which were removed; 1 of these rows is now a duplicate",
  ]);
});

test("counts changed attributes, each with its change", () => {
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

test("names the snapshot date, and warns when it is more than 31 days before the week", () => {
  expect(notes({}, { newestAsOf: "2026-10-16" })).toEqual(["the newest snapshot date of the data is 2026-10-16"]);
  expect(notes({}, { newestAsOf: "2026-10-15" })).toEqual([
    "warning: the newest snapshot date of the data is 2026-10-15, 32 days before 2026-W47 begins (2026-11-16); check that the file is that of the week",
  ]);
});

test("reports that the rules were not evaluated for an overtaken run, and the later week", () => {
  expect(notes({ overtakenBy: "2026-W50" })).toEqual([
    "rules not evaluated: 2026-W50 was complete before 2026-W47; alerts are unchanged",
  ]);
  expect(notes({ overtakenBy: "2026-W50", revision: 2, modelName: "terms" })).toEqual([
    "rules not evaluated: 2026-W50 was complete before 2026-W47; alerts are unchanged. For alerts with the corrected 2026-W47, ask for a new revision of 2026-W50 (npx bellwether weekly supersede --week 2026-W50 --reason TEXT --model terms), then run 2026-W50 again",
  ]);
});

test("names both hashes when the configuration differs from the model's, and reports when the model records none", () => {
  const model = { name: "m", version: "v1" };
  expect(notes({ model: { ...model, configHash: B } })[0]).toBe(
    `the configuration of the run (${A}) is not the one that m v1 was trained with (${B})`,
  );
  expect(notes({ model: { ...model, configHash: "" } })[0]).toContain("m v1 has no recorded configuration");
});

test("names the decisions of people with their reasons, and counts repeated rows", () => {
  const losses = {
    ...{ rowsRejected: 40n, rowsRepeated: 7n, suppliers: 60n, previousSuppliers: 100n, previousWeek: "2026-W46" },
    accepted: { reason: "sold", actor: "jane" },
  };
  expect(notes({ losses, forceFuture: { reason: "rehearsal", actor: "joe" } })).toEqual([
    "forced before the week began, by joe: rehearsal",
    "losses accepted by jane: sold (40 rows rejected without 7 repeated rows, 60 suppliers, 100 in 2026-W46)",
    "7 of the 47 rejected rows repeat an earlier row exactly; the limits of rejected rows do not count them",
  ]);
});

test("reports that the number of suppliers was not compared when there is no earlier week", () => {
  expect(notes({ losses: { suppliers: 60n } })).toEqual([
    "number of suppliers not compared: there is no earlier complete week of this model",
  ]);
  expect(notes({ losses: { suppliers: 60n, previousSuppliers: 0n, previousWeek: "2026-W46" } })).toEqual([]);
});

test("counts suppliers that are missing within the limit of the policy, and warns from 5 % on", () => {
  const losses = (suppliers: bigint) => ({
    losses: { suppliers, previousSuppliers: 10_500n, previousWeek: "2026-W47", minSuppliersShare: 0.7 },
  });
  expect(notes(losses(8_395n))).toEqual([
    "warning: at least 2105 of the 10500 suppliers of 2026-W47 are missing (20 %; the policy allows 30 %)",
  ]);
  expect(notes(losses(9_975n))[0]).toMatch(/^warning: at least 525 of/);
  expect(notes(losses(9_976n))).toEqual([
    "at least 524 of the 10500 suppliers of 2026-W47 are missing (5 %; the policy allows 30 %)",
  ]);
  expect(notes(losses(10_500n))).toEqual([]);
  expect(notes(losses(10_501n))).toEqual([]);
});

test("names the reasons of rejected rows without their values, also when losses are accepted", () => {
  const sample = { file: "week.csv", line: 2, text: "soon", detail: "; set null_values: ['soon']" };
  const rejected = [{ column: "delay", reason: "not a number", rows: 40, sample }];
  const losses = { rowsRejected: 40n, suppliers: 60n, accepted: { reason: "sold", actor: "jane" } };
  expect(notes({ losses }, { rejected })).toContain(
    "rejected: 40 rows, delay: not a number (for example line 2 of week.csv)",
  );
  expect(notes({}, { rejected })).toEqual(["rejected: 40 rows, delay: not a number (for example line 2 of week.csv)"]);
});

test("does not say that an approval given beforehand was not needed when a check failed", () => {
  const checks = [{ outcome: CheckOutcome.FAILED }];
  expect(notes({ checks }, { acceptsLosses: true })).toEqual([
    "the approval that was given beforehand published the run; the checks that failed are listed with it",
  ]);
});

test("reports that an unneeded acceptance of losses is not recorded", () => {
  expect(notes({}, { acceptsLosses: true })).toEqual([
    "the acceptance of losses was not needed and is not recorded: no limit was exceeded",
  ]);
  expect(notes({}, { acceptsLosses: true, wasComplete: true })).toEqual([
    "the acceptance of losses is not recorded: nothing was run",
  ]);
});

test("reports what was not compared or not recorded", () => {
  expect(notes({ sourceDigest: "" }, { wasComplete: true })[0]).toContain("the file was not compared");
  expect(notes({ sourceDigest: "" })).toEqual([]);
  expect(notes({}, { begunAnew: true })[0]).toMatch(/^started again/);
});

test("the remarks on drift come last", () => {
  expect(notes({ sourceDigest: "" }, { wasComplete: true, drift: ["drift: no alarm"] }).at(-1)).toBe("drift: no alarm");
});

test("says how files were read and how many rows had a newer one of their supplier", () => {
  expect(notes({}, { olderRows: 1, readingNotes: ["week.csv: it was read as gzip"] })).toEqual([
    "1 row was left out, because the supplier has a newer row",
    "week.csv: it was read as gzip",
  ]);
  expect(notes({}, { laterRows: { rows: 2, after: "2026-12-06" } })).toEqual([
    "2 rows are dated after 2026-12-06 and not used; the run of a later week uses them",
  ]);
  expect(notes({}, { olderRows: 0, readingNotes: [] })).toEqual([]);
});
