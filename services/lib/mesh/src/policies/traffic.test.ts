import { expect, test } from "vitest";
import type { Call } from "../call/call.ts";
import { trafficPolicy } from "./traffic.ts";

const call = (isProbe: boolean) => ({ startedAt: performance.now(), bound: { isProbe } }) as Call;

/** Returns the measured wait in milliseconds; a timer may fire a millisecond early. */
async function waited(traffic: ReturnType<typeof trafficPolicy>, quietMs: number, limitMs: number): Promise<number> {
  const began = performance.now();
  await traffic.ended(quietMs, limitMs);
  return performance.now() - began + 1;
}

test("traffic of a server that had no call, or only probes, has ended at once", async () => {
  const traffic = trafficPolicy();
  traffic.open?.(call(true));
  expect(await waited(traffic, 10_000, 10_000)).toBeLessThan(1_000);
});

test("traffic has ended when no call has arrived for quietMs", async () => {
  const traffic = trafficPolicy();
  traffic.open?.(call(false));
  const took = await waited(traffic, 200, 10_000);
  expect(took).toBeGreaterThanOrEqual(200);
  expect(took).toBeLessThan(5_000);
});

test("the wait for continuous traffic ends at the limit", async () => {
  const traffic = trafficPolicy();
  traffic.open?.(call(false));
  const calls = setInterval(() => traffic.open?.(call(false)), 10);
  const took = await waited(traffic, 5_000, 300);
  clearInterval(calls);
  expect(took).toBeGreaterThanOrEqual(300);
  expect(took).toBeLessThan(4_000);
});
