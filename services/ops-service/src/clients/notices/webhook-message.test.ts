import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { HOSTILE_NAMES, largestNotice, OTHER_SECRET, SECRET, testItem, testNotice } from "../../../test/test-notice.ts";
import { WebhookSecretError, webhookMessage } from "./webhook-message.ts";

test("the id is that of the notice, the time is that of the attempt, and the verifier of the convention accepts it", () => {
  const now = new Date();
  const { headers, body } = webhookMessage(testNotice(), SECRET, now);
  expect(headers["webhook-id"]).toBe("0199c0de-0000-7000-8000-000000000001");
  expect(headers["webhook-timestamp"]).toBe(String(Math.floor(now.getTime() / 1_000)));
  expect(new Webhook(SECRET).verify(body, headers)).toEqual({
    type: "notice.alerts",
    timestamp: "2026-11-29T06:00:00.000Z",
    data: {
      notice_id: "0199c0de-0000-7000-8000-000000000001",
      recipient: "Ada Lovelace",
      items: [
        {
          supplier_id: "S-1001",
          supplier_name: "Corvina Logistics",
          alert_ids: ["0199c0de-0000-7000-8000-0000000000a1"],
          severity: "critical",
          cause: "raised",
          actor: "rules",
          owner: "Ada Lovelace",
          iso_week: "2026-W48",
          model_name: "supplier-risk",
          score: 0.82,
          previous_score: 0.68,
          score_change: expect.closeTo(0.14, 9),
          expected_loss: 1_204_000.4,
          currency: "EUR",
          reasons: ["disputes 7, was 4", "late ratio 0.3, was 0.1"],
          url: "https://risk.example.org/#/suppliers/S-1001",
        },
      ],
      dropped_items: 0,
      page_url: "https://risk.example.org/#/alerts",
    },
  });
});

test("a second attempt has the same id and body, and its own time and signature", () => {
  const first = webhookMessage(testNotice(), SECRET, new Date(0));
  const second = webhookMessage(testNotice(), SECRET, new Date(1_000));
  expect(second.body).toBe(first.body);
  expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
  expect(second.headers["webhook-signature"]).not.toBe(first.headers["webhook-signature"]);
});

test.each([`${SECRET},${OTHER_SECRET}`, `${SECRET} ${OTHER_SECRET}`, `${OTHER_SECRET}, ${SECRET}`])(
  "while a secret is replaced, receivers with either secret accept the message",
  (secrets) => {
    const { headers, body } = webhookMessage(testNotice(), secrets, new Date());
    for (const secret of [SECRET, OTHER_SECRET]) expect(new Webhook(secret).verify(body, headers)).toBeDefined();
    const third = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    expect(() => new Webhook(third).verify(body, headers)).toThrow("No matching signature found");
  },
);

test("a changed body is not accepted", () => {
  const { headers, body } = webhookMessage(testNotice(), SECRET, new Date());
  expect(() => new Webhook(SECRET).verify(body.replace("0.82", "0.02"), headers)).toThrow(
    "No matching signature found",
  );
});

test("without a secret there is no signature", () => {
  expect(webhookMessage(testNotice(), null, new Date()).headers).not.toHaveProperty("webhook-signature");
});

const ofBytes = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString("base64")}`;

test("a secret has 24 to 64 bytes", () => {
  for (const bytes of [24, 64]) expect(() => webhookMessage(testNotice(), ofBytes(bytes), new Date())).not.toThrow();
});

test.each([
  ["too short", ofBytes(23)],
  ["too long", ofBytes(65)],
  ["without whsec_", SECRET.slice(6)],
  ["not base64", "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"],
  ["three", `${SECRET},${OTHER_SECRET},${SECRET}`],
  ["empty", ""],
])("a secret that is %s is rejected without being shown", (_, secret) => {
  const error = (): unknown => {
    try {
      return webhookMessage(testNotice(), secret, new Date());
    } catch (thrown) {
      return thrown;
    }
  };
  expect(error()).toBeInstanceOf(WebhookSecretError);
  if (secret !== "") expect(String(error())).not.toContain(secret.slice(6));
});

test.each(Object.entries(HOSTILE_NAMES))("a hostile name (%s) arrives as it is", (_, supplierName) => {
  const { headers, body } = webhookMessage(testNotice({ items: [testItem({ supplierName })] }), SECRET, new Date());
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
    data: { items: [{ supplier_name: supplierName }] },
  });
});

test("the body of the largest notice is at most 512 KiB", () => {
  const { body } = webhookMessage(largestNotice(), SECRET, new Date());
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(512 * 1_024);
});
