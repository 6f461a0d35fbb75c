import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, testItem, testNotice } from "../../../test/test-notice.ts";
import { leftOutText, noticeText } from "./notice-text.ts";

const textOf = (change: Parameters<typeof testItem>[0]) =>
  noticeText(testNotice({ items: [testItem(change)] })).items[0];

test("a supplier has name, severity, score with its change, expected impact, two reasons and a link", () => {
  expect(noticeText(testNotice())).toEqual({
    title: "Critical: Corvina Logistics, risk score 0.82 (+0.14)",
    pageUrl: "https://risk.example.org/#/alerts",
    items: [
      {
        supplier: "Corvina Logistics (S-1001)",
        severity: "Critical",
        score: "Risk score 0.82, was 0.68 (+0.14)",
        loss: "Expected impact €1,204,000",
        reasons: "Because of disputes 7, was 4; late ratio 0.3, was 0.1",
        cause: "New alert; owner Ada Lovelace; 2026-W48, supplier-risk",
        url: "https://risk.example.org/#/suppliers/S-1001",
      },
    ],
  });
});

test("what is not known is named", () => {
  const item = textOf({ supplierName: "", previousScore: null, expectedLoss: null, reasons: [], owner: "", url: null });
  expect(item).toMatchObject({
    supplier: "S-1001",
    score: "Risk score 0.82, no earlier score",
    loss: "Expected impact not known",
    reasons: "No reasons were recorded",
    cause: "New alert; no owner; 2026-W48, supplier-risk",
    url: null,
  });
});

test("a change is the difference of the two scores that are shown", () => {
  expect(textOf({ score: 0.5, previousScore: 0.754 })?.score).toBe("Risk score 0.50, was 0.75 (−0.25)");
  expect(textOf({ score: 0.501, previousScore: 0.499 })?.score).toBe("Risk score 0.50, was 0.50 (±0.00)");
  expect(textOf({ score: Number.NaN })?.score).toBe("Risk score not known, was 0.68");
});

test("an expected impact without a known currency is a number", () => {
  expect(textOf({ currency: "" })?.loss).toBe("Expected impact 1,204,000");
  expect(textOf({ currency: "€€€" })?.loss).toBe("Expected impact 1,204,000");
});

test("a person is named as the actor, the rules are not", () => {
  expect(textOf({ cause: "assigned", actor: "Grace" })?.cause).toMatch(/^Assigned by Grace; /);
  expect(textOf({ cause: "worse", actor: "rules" })?.cause).toMatch(/^Became worse while it was snoozed; /);
});

test("the title of several suppliers has their numbers and the recipient; that of a test has no alert", () => {
  const items = [testItem(), testItem({ severity: "warning" })];
  expect(noticeText(testNotice({ kind: "digest", items, droppedItems: 3 })).title).toBe(
    "Digest of supplier alerts for Ada Lovelace: 5 suppliers, 1 critical",
  );
  expect(noticeText(testNotice({ kind: "escalation" })).title).toMatch(/^Not taken: Critical: /);
  expect(noticeText(testNotice({ kind: "test", items: [] })).title).toBe("Test message of Bellwether to Ada Lovelace");
});

test("suppliers that are not shown are counted", () => {
  expect(leftOutText(testNotice(), 1)).toBe("");
  expect(leftOutText(testNotice({ droppedItems: 1 }), 1)).toBe("1 more supplier is not in this message.");
  expect(leftOutText(testNotice({ droppedItems: 2 }), 0)).toBe("3 more suppliers are not in this message.");
});

test.each(Object.entries(HOSTILE_NAMES))(
  "a title and a line with a hostile name (%s) are one line",
  (_, supplierName) => {
    const { title, items } = noticeText(testNotice({ items: [testItem({ supplierName })] }));
    expect(title).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
    expect(title.length).toBeLessThanOrEqual(150);
    expect(items[0]?.supplier).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
  },
);

test("the longest texts are cut", () => {
  const { title, items } = noticeText(largestNotice(1));
  expect(title.length).toBeLessThanOrEqual(150);
  for (const text of Object.values(items[0] ?? {})) expect(text?.length).toBeLessThanOrEqual(1_200);
});

test("an assignment has the note for its new owner, as text in one line", () => {
  const [item] = noticeText(
    testNotice({ items: [testItem({ cause: "assigned", actor: "jo", note: "a\u202eb\nc" })] }),
  ).items;
  expect(item?.cause).toMatch(/^Assigned by jo, who wrote: "a.*b.*c"; owner /);
  expect(item?.cause).not.toMatch(/[\u202e\n]/);
});
