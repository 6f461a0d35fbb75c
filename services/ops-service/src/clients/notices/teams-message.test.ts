import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, testItem, testNotice } from "../../../test/test-notice.ts";
import { type TeamsMessage, teamsMessage } from "./teams-message.ts";

const cardOf = ({ attachments: [{ content }] }: TeamsMessage) => content;

/** Returns the texts of a card, and of the objects in it, in order. */
function textsOf(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(textsOf);
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === "text" && typeof value === "string" ? [value] : textsOf(value),
  );
}

test("a notice is a card with a container per supplier and a link to the alerts", () => {
  const message = teamsMessage(testNotice());
  expect(message.type).toBe("message");
  expect(message.attachments[0].contentType).toBe("application/vnd.microsoft.card.adaptive");
  const card = cardOf(message);
  expect(textsOf(card.body)).toEqual([
    ...["Critical: Corvina Logistics, risk score 0.82 (+0.14)", "Critical ", "Corvina Logistics (S-1001)"],
    "Risk score 0.82, was 0.68 (+0.14). Expected loss €1,204,000.",
    "Because of disputes 7, was 4; late ratio 0.3, was 0.1.",
    "New alert; owner Ada Lovelace; 2026-W48, supplier-risk",
  ]);
  expect(JSON.stringify(card)).toContain('"url":"https://risk.example.org/#/suppliers/S-1001"');
  expect(card.actions).toEqual([
    { type: "Action.OpenUrl", url: "https://risk.example.org/#/alerts", title: "Open the alerts" },
  ]);
});

test("without a known page there are no links", () => {
  const card = cardOf(teamsMessage(testNotice({ items: [testItem({ url: null })], pageUrl: null })));
  expect(card).not.toHaveProperty("actions");
  expect(JSON.stringify(card.body)).not.toContain("Action.OpenUrl");
});

test.each(Object.entries(HOSTILE_NAMES))("a hostile name (%s) is in texts without markup only", (_, supplierName) => {
  const card = cardOf(teamsMessage(testNotice({ items: [testItem({ supplierName })], recipient: supplierName })));
  expect(JSON.stringify(card)).not.toContain('"TextBlock"');
  for (const text of textsOf(card.body)) expect(text).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
});

test.each([1, 40, 41, 100])("%i suppliers are at most 20 KiB, and the ones left out are counted", (count) => {
  const items = Array.from({ length: count }, (_, i) => testItem({ supplierId: `S-${i}` }));
  const message = teamsMessage(testNotice({ items }));
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(20 * 1_024 + 200);
  const shown = cardOf(message).body.filter(({ type }) => type === "Container").length;
  expect(shown).toBeGreaterThan(0);
  const texts = textsOf(cardOf(message).body);
  if (shown === count) expect(texts.some((text) => text.includes("not in this message"))).toBe(false);
  else expect(texts.at(-1)).toContain(`${count - shown} more supplier`);
});

test("the largest notice is within the limit of Teams", () => {
  const message = teamsMessage(largestNotice());
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(28_000);
  expect(cardOf(message).body.filter(({ type }) => type === "Container").length).toBeGreaterThan(0);
});
