import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, testItem, testNotice } from "../../../test/test-notice.ts";
import { mailMessage } from "./mail-message.ts";

test("a mail says the same in text and HTML: supplier, severity, score, change, loss, reasons, links", () => {
  const { subject, text, html } = mailMessage(testNotice());
  expect(subject).toBe("Critical: Corvina Logistics, risk score 0.82 (+0.14)");
  for (const part of [
    ...["Critical", "Corvina Logistics (S-1001)", "Risk score 0.82, was 0.68 (+0.14)", "Expected impact €1,204,000"],
    ...["disputes 7, was 4; late ratio 0.3, was 0.1", "owner Ada Lovelace", "2026-W48, supplier-risk"],
    ...["https://risk.example.org/#/suppliers/S-1001", "https://risk.example.org/#/alerts"],
  ]) {
    expect(text).toContain(part);
    expect(html).toContain(part);
  }
});

test.each(Object.entries(HOSTILE_NAMES))(
  "a hostile name (%s) is text in HTML, and one line in the subject",
  (_, name) => {
    const { subject, html } = mailMessage(
      testNotice({ items: [testItem({ supplierName: name, url: "https://x/?a='\"<b>" })] }),
    );
    expect(subject).not.toMatch(/[\r\n\p{Cc}]/u);
    const tags = html.match(/<[^>]*>/g) ?? [];
    expect(
      tags.filter(
        (tag) =>
          !/^<(\/?(html|head|body|h1|p|strong|a|bdi|span)|!doctype|meta|br)\b[^"'<>]*("[^"'<>]*"[^"'<>]*)*>$/.test(tag),
      ),
    ).toEqual([]);
  },
);

test("50 suppliers are shown; more are counted, in both parts", () => {
  const items = (count: number) => Array.from({ length: count }, (_, i) => testItem({ supplierId: `S-${i}-` }));
  const all = mailMessage(testNotice({ items: items(50) }));
  expect(all.text).toContain("S-49-");
  expect(all.text).not.toContain("not in this message");
  const cut = mailMessage(testNotice({ items: items(51), droppedItems: 9 }));
  expect(cut.text).toContain("10 more suppliers are not in this message.");
  expect(cut.html).toContain("10 more suppliers are not in this message.");
  expect(cut.text).not.toContain("S-50-");
});

test("the largest notice is at most 512 KiB", () => {
  const { subject, text, html } = mailMessage(largestNotice());
  expect(subject.length).toBeLessThanOrEqual(150);
  expect(Buffer.byteLength(text) + Buffer.byteLength(html)).toBeLessThanOrEqual(512 * 1_024);
});
