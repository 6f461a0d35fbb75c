import { expect, test } from "vitest";
import { type DueItem, gatherNotices } from "./gather-notices.ts";
import { MAX_ITEMS, type NoticeItem } from "./notice.ts";

const item = (number: number, over: Partial<NoticeItem> = {}): NoticeItem => ({
  ...{ supplierId: `S-${number}`, supplierName: "", alertIds: [`a-${number}`], severity: "warning", cause: "raised" },
  ...{ actor: "rules", owner: "", isoWeek: "2026-W11", modelName: "m", score: 0.8, previousScore: 0.7 },
  ...{ expectedLoss: number, currency: "EUR", reasons: [], url: null },
  ...over,
});
const due = (destination: string, one: NoticeItem, over: Partial<DueItem> = {}): DueItem => ({
  ...{ destination, kind: "alerts", recipient: destination, item: one },
  ...over,
});
const many = (destination: string, count: number) => Array.from({ length: count }, (_, i) => due(destination, item(i)));
const isWebhook = (name: string): boolean => name === "hook";

test("items of one destination, kind and recipient make one notice, the most urgent first", () => {
  const notices = gatherNotices(
    [
      due("room", item(1)),
      due("room", item(3)),
      due("room", item(2, { severity: "critical" })),
      due("room", item(4), { kind: "digest" }),
      due("room", item(5), { recipient: "jane" }),
      due("hook", item(1)),
    ],
    isWebhook,
  );
  expect(notices.map(({ destination, kind, items }) => [destination, kind, ...items.map((i) => i.supplierId)])).toEqual(
    [
      ["room", "alerts", "S-2", "S-3", "S-1"],
      ["room", "digest", "S-4"],
      ["room", "alerts", "S-5"],
      ["hook", "alerts", "S-1"],
    ],
  );
});

test("several items about one supplier become one, with the latest score and the first score before", () => {
  const [notice] = gatherNotices(
    [
      due("room", item(1, { cause: "raised", score: 0.8, previousScore: 0.5 })),
      due(
        "room",
        item(1, { cause: "escalated", score: 0.9, previousScore: 0.8, severity: "critical", alertIds: ["b"] }),
      ),
      due("room", item(1, { modelName: "other" })),
    ],
    isWebhook,
  );
  expect(notice?.items).toHaveLength(2);
  expect(notice?.items[0]).toMatchObject({
    ...{ cause: "escalated", score: 0.9, previousScore: 0.5, severity: "critical", alertIds: ["a-1", "b"] },
  });
});

test("people get the most urgent items and the number of the others; a webhook gets all items", () => {
  const toPeople = gatherNotices(many("room", MAX_ITEMS + 1), isWebhook);
  expect(toPeople.map(({ items, droppedItems }) => [items.length, droppedItems])).toEqual([[MAX_ITEMS, 1]]);
  expect(toPeople[0]?.items[0]?.supplierId).toBe(`S-${MAX_ITEMS}`);
  expect(gatherNotices(many("room", MAX_ITEMS), isWebhook)[0]?.droppedItems).toBe(0);
  const toHook = gatherNotices(many("hook", 2 * MAX_ITEMS + 1), isWebhook);
  expect(toHook.map(({ items, droppedItems }) => [items.length, droppedItems])).toEqual([
    [MAX_ITEMS, 0],
    [MAX_ITEMS, 0],
    [1, 0],
  ]);
  expect(new Set(toHook.flatMap(({ items }) => items.map((i) => i.supplierId))).size).toBe(2 * MAX_ITEMS + 1);
});
