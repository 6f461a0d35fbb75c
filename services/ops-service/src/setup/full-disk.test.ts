import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFullDisk } from "./full-disk.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a full disk is shown for a minute after the last write that failed", () => {
  const disk = createFullDisk();
  const shown: string[] = [];
  disk.onChange = () => shown.push(disk.text);
  disk.report();
  vi.advanceTimersByTime(50_000);
  disk.report();
  vi.advanceTimersByTime(50_000);
  expect(disk.text).toContain("DATABASE_FULL");
  vi.advanceTimersByTime(10_000);
  expect(disk.text).toBe("");
  expect(shown.map((text) => text !== "")).toEqual([true, true, false]);
});
