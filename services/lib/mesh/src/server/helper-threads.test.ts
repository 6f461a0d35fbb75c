import os from "node:os";
import { expect, it } from "vitest";
import { helperThreads, yieldToServing } from "./helper-threads.ts";

it.runIf(os.platform() === "linux")("sets V8's helper threads back, and no other", () => {
  const own = os.getPriority();
  yieldToServing();
  const priorities = helperThreads().map((thread) => os.getPriority(thread));
  expect(priorities.length).toBeGreaterThan(0);
  expect(new Set(priorities)).toEqual(new Set([10]));
  expect(os.getPriority()).toBe(own);
});
