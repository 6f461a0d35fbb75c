import { expect, test } from "vitest";
import { decideDelivery, MAX_ATTEMPTS, RETRY_DELAYS_MS } from "./delivery-retries.ts";

const NOW = new Date("2026-03-16T06:00:00Z");
const HOUR_MS = 3_600_000;

test("a delivered notice is delivered, a rejected one is dead, and a destination that is gone is disabled", () => {
  expect(decideDelivery({ kind: "delivered", detail: "204" }, 1, NOW, 0)).toMatchObject({
    state: "delivered",
    disables: false,
  });
  expect(decideDelivery({ kind: "rejected", reason: "400" }, 1, NOW, 0)).toMatchObject({
    state: "dead",
    disables: false,
  });
  expect(decideDelivery({ kind: "gone", reason: "410" }, 1, NOW, 0)).toMatchObject({ state: "dead", disables: true });
});

test("the delays grow, with up to a fifth more by chance, and the notice is dead after the last attempt", () => {
  const waitMs = (tried: number, random: number) =>
    decideDelivery({ kind: "retry", reason: "503" }, tried, NOW, random).nextAttemptAt.getTime() - NOW.getTime();
  expect(RETRY_DELAYS_MS.map((_, i) => waitMs(i + 1, 0))).toEqual(RETRY_DELAYS_MS);
  expect(waitMs(1, 0.5)).toBe(5_500);
  const last = decideDelivery({ kind: "retry", reason: "503" }, MAX_ATTEMPTS, NOW, 0);
  expect(last).toMatchObject({ state: "dead", reason: `503 (after ${MAX_ATTEMPTS} failed attempts)` });
  expect(decideDelivery({ kind: "retry", reason: "503" }, MAX_ATTEMPTS - 1, NOW, 0).state).toBe("waiting");
});

test.each([
  [0, 5_000],
  [4_999, 5_000],
  [60_000, 60_000],
  [30 * 24 * HOUR_MS, 24 * HOUR_MS],
  [-1, 5_000],
])("a receiver that asks for %d ms gets the next attempt after %d ms", (retryAfterMs, expected) => {
  const { nextAttemptAt } = decideDelivery({ kind: "retry", reason: "429", retryAfterMs }, 1, NOW, 0);
  expect(nextAttemptAt.getTime() - NOW.getTime()).toBe(expected);
});

test("an attempt that was interrupted is followed by another one at once, also after all others have failed", () => {
  const decision = decideDelivery({ kind: "interrupted", reason: "the service was stopped" }, MAX_ATTEMPTS, NOW, 0);
  expect(decision).toMatchObject({ state: "waiting", nextAttemptAt: NOW, reason: "the service was stopped" });
});
