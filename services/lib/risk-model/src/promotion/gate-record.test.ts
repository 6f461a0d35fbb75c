import { expect, test } from "vitest";
import { simulatePair } from "../../test/simulated-challenger.ts";
import { createRandom } from "../random.ts";
import { gateIdOf, gateRecord, parseGateRecord } from "./gate-record.ts";
import { gateSection } from "./gate-section.ts";
import { renderPlots } from "./gate-svg.ts";
import { gateChallenger, unmeasuredChallenger } from "./promotion-gate.ts";

const CONTEXT = {
  ...{ modelName: "supplier-risk", champion: "v1", challenger: "v2", championDigest: "a".repeat(64) },
  ...{
    challengerDigest: "b".repeat(64),
    window: "rows | of <2026>",
    gatedAt: "2026-01-06T00:00:00.000Z",
    gatedBy: "ada",
  },
};
const input = simulatePair(createRandom(3, "record"), {
  ...{ rows: 2_000, rowsPerSupplier: 2, sharedError: 0.8, championError: 1.2, challengerError: 0.4 },
});
const RECORD = gateRecord(CONTEXT, gateChallenger(input));

test("a stored result is read back with the same id", () => {
  expect(parseGateRecord(JSON.stringify(RECORD))).toEqual(RECORD);
  expect(gateIdOf(parseGateRecord(JSON.stringify(RECORD)))).toBe(gateIdOf(RECORD));
  const failed = gateRecord(CONTEXT, unmeasuredChallenger("x".repeat(10_000)));
  expect(parseGateRecord(JSON.stringify(failed))).toEqual(failed);
});

test("another figure has another id", () => {
  expect(gateIdOf({ ...RECORD, rows: RECORD.rows + 1 })).not.toBe(gateIdOf(RECORD));
  expect(gateIdOf({ ...RECORD, gatedAt: "2026-01-06T00:00:00.001Z" })).not.toBe(gateIdOf(RECORD));
});

test.each([
  ["no JSON", "{"],
  ["another format", JSON.stringify({ ...RECORD, format: "bellwether.gate/2" })],
  ["an unknown verdict", JSON.stringify({ ...RECORD, verdict: "OK" })],
  ["a check without a reason", JSON.stringify({ ...RECORD, checks: [{ name: "auc" }] })],
  ["too many checks", JSON.stringify({ ...RECORD, checks: Array.from({ length: 40 }, () => RECORD.checks[0]) })],
])("%s is not a result", (_, json) => {
  expect(() => parseGateRecord(json)).toThrow(expect.objectContaining({ name: "GateRecordError" }));
});

test("the section has every check, the decision and the plots, and texts cannot end a cell", () => {
  const decision = { outcome: "approved", at: "2026-01-07T00:00:00.000Z", by: "bo", reason: "a | b\nc" } as const;
  const section = gateSection(RECORD, decision, true);
  expect(section).toContain(`Result \`${gateIdOf(RECORD)}\``);
  expect(section).toContain("rows \\| of <2026>");
  expect(section).toContain("Approved at 2026-01-07T00:00:00.000Z by bo: a \\| b c");
  expect(section.match(/^\| /gm)).toHaveLength(RECORD.checks.length + 1 + RECORD.references.length + 1);
  expect(section).toContain("(gate-reliability.svg)");
  expect(gateSection(RECORD, null, false)).not.toContain(".svg");
});

test("the plots are SVG documents of limited size in which texts are escaped", () => {
  if (RECORD.plots === null) throw new Error("no plots");
  for (const { svg } of renderPlots(RECORD.plots, { champion: 'v1"><script>', challenger: "v2" })) {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/);
    expect(svg).not.toContain("<script>");
    expect(svg).not.toContain("NaN");
    expect(Buffer.byteLength(svg)).toBeLessThan(65_536);
  }
});
