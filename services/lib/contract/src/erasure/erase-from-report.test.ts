import { expect, test } from "vitest";
import { eraseFromReport } from "./erase-from-report.ts";
import { createNameEraser } from "./name-eraser.ts";

const named = (name: string) => {
  const eraser = createNameEraser(name);
  return eraser ? [eraser] : [];
};

const report = {
  iso_week: "2026-W47",
  model: { name: "supplier-risk" },
  risers: [
    { supplier_id: "S1", name: "Ada Lovelace", risk_score: 0.9 },
    { supplier_id: "S10", name: "Ten", risk_score: 0.1 },
  ],
  alerts: {
    raised: { count: 1, entries: [{ alert_id: "a", supplier_id: "S1", supplier_name: "Ada Lovelace", why: "rose" }] },
  },
  rejected: {
    samples: [
      { file: "f.csv", line: 3, column: "spend", text: "S9,Ada Lovelace,x" },
      { file: "f.csv", line: 4, column: "spend", text: "S2,Two,x" },
    ],
  },
};

test("names and texts about the supplier are erased, and nothing else", () => {
  const erased = JSON.parse(eraseFromReport(JSON.stringify(report), "S1", named("Ada Lovelace")) ?? "");
  expect(erased).toEqual({
    ...report,
    risers: [{ ...report.risers[0], name: "" }, report.risers[1]],
    alerts: { raised: { count: 1, entries: [{ alert_id: "a", supplier_id: "S1", supplier_name: "", why: "" }] } },
    rejected: { samples: [{ ...report.rejected.samples[0], text: "" }, report.rejected.samples[1]] },
  });
});

test("a report without such texts is not written again", () => {
  expect(eraseFromReport(JSON.stringify(report), "S99", [])).toBeNull();
  const once = eraseFromReport(JSON.stringify(report), "S1", named("Ada Lovelace")) ?? "";
  expect(eraseFromReport(once, "S1", [])).toBeNull();
});

test.each([
  ["S1", "x", "S10,a", "S10,a"],
  ["S1", "x", "S1-2,a", "S1-2,a"],
  ["S1", "x", "PS1,a", "PS1,a"],
  ["S1", "x", "a;S1;b", ""],
  ["S1", "x", "S1", ""],
  ["S(1)", "x", '"S(1)",b', ""],
  ["S1", "Ada", "S2,Adam", "S2,Adam"],
  ["S1", "Ada", "S2,ada ltd", ""],
])("with id %s and name %s, the rejected row %j becomes %j", (id, name, text, expected) => {
  const json = JSON.stringify({ samples: [{ line: 1, text }] });
  expect(eraseFromReport(json, id, named(name)) ?? json).toBe(
    JSON.stringify({ samples: [{ line: 1, text: expected }] }),
  );
});
