import type { KnownBlock } from "@slack/types";
import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, testItem, testNotice } from "../../../test/test-notice.ts";
import { type SlackBlock, type SlackMessage, slackMessage } from "./slack-message.ts";

const textsOf = (block: SlackBlock): string[] =>
  block.type === "context" ? block.elements.map(({ text }) => text) : [block.text.text];

/** Checks the limits of Slack: blocks of a message, characters of a block and of all blocks. */
function expectWithinLimits({ text, blocks }: SlackMessage): void {
  // The types of Slack: a block of another form does not compile.
  blocks.map((block): KnownBlock => (block.type === "context" ? { ...block, elements: [...block.elements] } : block));
  expect(text.length).toBeLessThanOrEqual(3_000);
  expect(blocks.length).toBeLessThanOrEqual(50);
  for (const block of blocks) {
    for (const one of textsOf(block)) {
      expect(one.length).toBeGreaterThan(0);
      expect(one.length).toBeLessThanOrEqual(3_000);
    }
  }
  expect(blocks.flatMap(textsOf).join("").length).toBeLessThanOrEqual(13_000);
}

test("a notice is a title, a section per supplier and a link to the alerts", () => {
  const message = slackMessage(testNotice());
  expect(message.text).toBe("Critical: Corvina Logistics, risk score 0.82 (+0.14)");
  expect(message.blocks.map(({ type }) => type)).toEqual(["section", "section", "context"]);
  expect(message.blocks.flatMap(textsOf)).toEqual([
    "*Critical: Corvina Logistics, risk score 0.82 (+0.14)*",
    [
      "*Critical* <https://risk.example.org/#/suppliers/S-1001|Corvina Logistics (S-1001)>",
      "Risk score 0.82, was 0.68 (+0.14). Expected impact €1,204,000.",
      "Because of disputes 7, was 4; late ratio 0.3, was 0.1.",
      "New alert; owner Ada Lovelace; 2026-W48, supplier-risk",
    ].join("\n"),
    "<https://risk.example.org/#/alerts|Open the alerts>",
  ]);
});

test("without a known page there are no links", () => {
  const message = slackMessage(testNotice({ items: [testItem({ url: null })], pageUrl: null }));
  expect(message.blocks.map(({ type }) => type)).toEqual(["section", "section"]);
  expect(JSON.stringify(message)).not.toContain("http");
});

test.each(Object.entries(HOSTILE_NAMES))("a hostile name (%s) makes no link, mention or entity", (_, supplierName) => {
  const message = slackMessage(testNotice({ items: [testItem({ supplierName, url: null })], pageUrl: null }));
  expectWithinLimits(message);
  const marked = [message.text, ...message.blocks.flatMap(textsOf)];
  for (const text of marked) expect(text.replaceAll(/&(amp|lt|gt);/g, "")).not.toMatch(/[<>&]/);
});

test("the URL of a link cannot end it", () => {
  const item = testItem({ supplierName: "a|b>c", url: "https://risk.example.org/#/suppliers/a|b>c&d" });
  const [, section] = slackMessage(testNotice({ items: [item] })).blocks;
  expect(section && textsOf(section)[0]).toContain(
    "<https://risk.example.org/#/suppliers/a%7Cb&gt;c&amp;d|a|b&gt;c (S-1001)>",
  );
});

test.each([1, 39, 40, 41, 100])(
  "%i suppliers are within the limits of Slack, and the ones left out are counted",
  (count) => {
    const items = Array.from({ length: count }, (_, i) => testItem({ supplierId: `S-${i}` }));
    const message = slackMessage(testNotice({ items }));
    expectWithinLimits(message);
    const shown = message.blocks.filter(({ type }) => type === "section").length - 1;
    expect(shown).toBeGreaterThan(0);
    const leftOut = count - shown;
    expect(JSON.stringify(message).includes("not in this message")).toBe(leftOut > 0);
    if (leftOut > 0) expect(JSON.stringify(message)).toContain(`${leftOut} more supplier`);
  },
);

test("the largest notice is within the limits of Slack", () => {
  const message = slackMessage(largestNotice());
  expectWithinLimits(message);
  expect(message.blocks.filter(({ type }) => type === "section").length).toBeGreaterThan(1);
});

test("texts that escaping makes longer than a block are cut, and their markup stays whole", () => {
  const long = "&".repeat(200);
  const url = `https://risk.example.org/#/suppliers/${"%26".repeat(400)}`;
  const item = testItem({ supplierId: "&".repeat(128), supplierName: long, reasons: [long, long], owner: long, url });
  const message = slackMessage(testNotice({ items: [item], recipient: long }));
  expectWithinLimits(message);
  const [, section = ""] = message.blocks.flatMap(textsOf);
  expect(section).toContain("Risk score 0.82, was 0.68 (+0.14). Expected impact €1,204,000.");
  expect(section).not.toMatch(/&(?!(amp|lt|gt);)/);
  expect(section.match(/[<>]/g)).toEqual(["<", ">"]);
});
