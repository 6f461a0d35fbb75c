import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StartTimeoutError, startReport } from "./start-report.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Waits for the report of a child process that the test plays. */
function setUp() {
  const child = new EventEmitter();
  const lines: string[] = [];
  const stop = new AbortController();
  const report = startReport("ops-service", child, { signal: stop.signal, say: (text) => lines.push(text) });
  report.catch(() => {});
  return { child, lines, stop, report };
}

describe("a service that starts", () => {
  test("may take longer than 30 s; every 20 s, one line says that it is still starting", async () => {
    const { child, lines, report } = setUp();
    await vi.advanceTimersByTimeAsync(45_000);
    child.emit("message", { addresses: {} });
    expect(await report).toEqual({ addresses: {} });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual(["ops-service is still starting (20 s)", "ops-service is still starting (40 s)"]);
  });

  test("has 180 s; the error says what to do", async () => {
    const { lines, report } = setUp();
    await vi.advanceTimersByTimeAsync(179_000);
    expect(lines.at(-1)).toBe("ops-service is still starting (160 s)");
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(report).rejects.toThrow(StartTimeoutError);
    await expect(report).rejects.toThrow("ops-service does not listen after 180 s: run the same command again");
  });

  test("ends the wait when it ends", async () => {
    const { lines, stop, report } = setUp();
    stop.abort(new Error("ops-service ended with exit code 1"));
    await expect(report).rejects.toThrow("ops-service ended with exit code 1");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([]);
  });
});
