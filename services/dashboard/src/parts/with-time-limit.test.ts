import { expect, test } from "vitest";
import { withTimeLimit } from "./with-time-limit.ts";

test("what arrives in time is the result, and a failure stays a failure", async () => {
  expect(await withTimeLimit(async () => 5)()).toBe(5);
  await expect(withTimeLimit(() => Promise.reject(new Error("offline")))()).rejects.toThrow("offline");
});

test("what does not arrive is an error after the limit", async () => {
  await expect(withTimeLimit(() => new Promise(() => {}), 5)()).rejects.toThrow("did not arrive in time");
});
