import { expect, test } from "vitest";
import type { ExplainedReason } from "../scores/explain-score.ts";
import type { NoticeEvent } from "./notice-event.ts";
import { createNoticeItem } from "./notice-item.ts";

const EVENT: NoticeEvent = {
  ...{ key: "k", cause: "raised", occurredAt: new Date(0), actor: "rules", assignee: "", supplierId: 1, runId: 1 },
  ...{ alertIds: ["a"], severity: "warning", owner: "", score: 0.8, previousScore: null, impact: 1 },
};
const SUPPLIER = {
  ...{ externalId: "S-1", name: "", exposure: null, exposureCurrency: "", region: "", category: "", owner: "" },
};
const RUN = { isoWeek: "2026-W11", modelName: "m", formula: null };

const reasonOf = (category: string): ExplainedReason => ({
  ...{ feature: "f", value: null, category, unit: "", typical: null, typicalCategory: "", words: [] },
  ...{ contribution: 1, share: 1, previous: null },
});
const linesOf = (category: string): readonly string[] =>
  createNoticeItem(EVENT, SUPPLIER, RUN, { reasons: [reasonOf(category)], publicUrl: null }).reasons;

test("a reason has at most 200 units, and no half of a character at its end", () => {
  expect(linesOf("x".repeat(300))).toEqual([`f ${"x".repeat(198)}`]);
  expect(linesOf(`x${"📦".repeat(120)}`)).toEqual([`f x${"📦".repeat(98)}`]);
});
