import type { Destination, Notice, NoticeItem } from "../src/domain/notices/notice.ts";

/** A secret as Standard Webhooks has it: 32 bytes. */
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const OTHER_SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

/** Names of suppliers that a message must show as text. */
export const HOSTILE_NAMES = {
  html: `<img src=x onerror="alert(1)"> & 'Co'`,
  mention: "<!channel> <@U024BE7LH> <https://evil.example|Log in>",
  markdown: "[Log in](https://evil.example) *bold* _it_ `code`",
  lines: "Acme\r\nBcc: everybody@evil.example\r\n\r\nbody",
  reversed: "Acme \u202egnp.exe",
  rightToLeft: "שלום בע״מ",
  emoji: "👩🏽‍🔧 Works 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
  long: "x".repeat(200),
} as const;

/** Returns what a notice says about one supplier. */
export function testItem(change: Partial<NoticeItem> = {}): NoticeItem {
  return {
    supplierId: "S-1001",
    supplierName: "Corvina Logistics",
    alertIds: ["0199c0de-0000-7000-8000-0000000000a1"],
    severity: "critical",
    cause: "raised",
    actor: "rules",
    owner: "Ada Lovelace",
    isoWeek: "2026-W48",
    modelName: "supplier-risk",
    score: 0.82,
    previousScore: 0.68,
    expectedLoss: 1_204_000.4,
    currency: "EUR",
    reasons: ["disputes 7, was 4", "late ratio 0.3, was 0.1"],
    url: "https://risk.example.org/#/suppliers/S-1001",
    ...change,
  };
}

/** Returns a notice about one supplier. */
export function testNotice(change: Partial<Notice> = {}): Notice {
  return {
    noticeId: "0199c0de-0000-7000-8000-000000000001",
    kind: "alerts",
    createdAt: new Date("2026-11-29T06:00:00Z"),
    recipient: "Ada Lovelace",
    items: [testItem()],
    droppedItems: 0,
    pageUrl: "https://risk.example.org/#/alerts",
    ...change,
  };
}

/** Returns a notice of the greatest size: each text has its maximum length, in characters of three bytes. */
export function largestNotice(items = 100): Notice {
  const text = (length: number): string => "界".repeat(length);
  const ids = Array.from({ length: 4 }, (_, i) => `0199c0de-0000-7000-8000-0000000000a${i}`);
  return testNotice({
    recipient: text(256),
    droppedItems: 900,
    items: Array.from({ length: items }, (_, i) =>
      testItem({
        ...{
          supplierId: `${text(120)}${i}`,
          supplierName: text(200),
          alertIds: ids,
          actor: text(256),
          owner: text(256),
        },
        ...{ modelName: text(64), reasons: [text(2_000), text(2_000), text(2_000)] },
        url: `https://risk.example.org/#/suppliers/${encodeURIComponent(text(120))}`,
      }),
    ),
  });
}

/** Returns a destination on this machine. */
export function testDestination(change: Partial<Destination> = {}): Destination {
  return {
    name: "test",
    channel: "webhook",
    address: "http://127.0.0.1:9/",
    secret: SECRET,
    allowPrivateNetworks: true,
    ...change,
  };
}
