import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, testItem, testNotice } from "../../../test/test-notice.ts";
import { type TeamsMessage, teamsMessage } from "./teams-message.ts";

const cardOf = ({ attachments: [{ content }] }: TeamsMessage) => content;

const oneOf = (name: string) => ({ $ref: `#/definitions/${name}` });

/** The elements that a card may have, with their properties in the schema of Adaptive Cards 1.4. */
const CARD = {
  type: "object",
  required: ["type", "version", "body"],
  additionalProperties: false,
  properties: {
    $schema: { const: "http://adaptivecards.io/schemas/adaptive-card.json" },
    type: { const: "AdaptiveCard" },
    version: { const: "1.4" },
    fallbackText: { type: "string" },
    msteams: { type: "object", properties: { width: { const: "Full" } }, additionalProperties: false },
    body: { type: "array", minItems: 1, items: { anyOf: [oneOf("RichTextBlock"), oneOf("Container")] } },
    // Teams shows at most six actions.
    actions: { type: "array", minItems: 1, maxItems: 6, items: oneOf("OpenUrl") },
  },
  definitions: {
    RichTextBlock: {
      type: "object",
      required: ["type", "inlines"],
      additionalProperties: false,
      properties: {
        type: { const: "RichTextBlock" },
        inlines: { type: "array", minItems: 1, items: oneOf("TextRun") },
      },
    },
    Container: {
      type: "object",
      required: ["type", "items"],
      additionalProperties: false,
      properties: {
        type: { const: "Container" },
        separator: { type: "boolean" },
        items: { type: "array", minItems: 1, items: oneOf("RichTextBlock") },
      },
    },
    TextRun: {
      type: "object",
      required: ["type", "text"],
      additionalProperties: false,
      properties: {
        type: { const: "TextRun" },
        text: { type: "string", minLength: 1 },
        weight: { enum: ["Default", "Lighter", "Bolder"] },
        color: { enum: ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"] },
        isSubtle: { type: "boolean" },
        selectAction: oneOf("OpenUrl"),
      },
    },
    OpenUrl: {
      type: "object",
      required: ["type", "url"],
      additionalProperties: false,
      properties: {
        type: { const: "Action.OpenUrl" },
        url: { type: "string", minLength: 1 },
        title: { type: "string" },
      },
    },
  },
};

const isCard = new Ajv().compile(CARD);

/** Checks a message against the schema of Adaptive Cards and the size that Teams accepts. */
function expectCard(message: TeamsMessage): void {
  isCard(cardOf(message));
  expect(isCard.errors ?? []).toEqual([]);
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(28_000);
}

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
  expectCard(message);
  expect(message.type).toBe("message");
  expect(message.attachments[0].contentType).toBe("application/vnd.microsoft.card.adaptive");
  const card = cardOf(message);
  expect(textsOf(card.body)).toEqual([
    ...["Critical: Corvina Logistics, risk score 0.82 (+0.14)", "Critical ", "Corvina Logistics (S-1001)"],
    "Risk score 0.82, was 0.68 (+0.14). Expected impact €1,204,000.",
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
  const message = teamsMessage(testNotice({ items: [testItem({ supplierName })], recipient: supplierName }));
  expectCard(message);
  const card = cardOf(message);
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
  expectCard(message);
  expect(cardOf(message).body.filter(({ type }) => type === "Container").length).toBeGreaterThan(0);
});
