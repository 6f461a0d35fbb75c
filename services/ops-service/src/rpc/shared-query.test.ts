import { currentSignal, runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext } from "@bellwether/telemetry/unsampled-trace";
import { expect, test } from "vitest";
import { shareByKey } from "./shared-query.ts";

test("calls with the same key share one query, and another key makes another query", async () => {
  const asked: string[] = [];
  const shared = shareByKey(async (key) => {
    asked.push(key);
    return [key];
  });
  const answers = await Promise.all(["1", "1", "2", "1"].map(shared));
  expect(asked).toEqual(["1", "2"]);
  expect(answers[0]).toBe(answers[3]);
  expect(await shared("1")).toBe(answers[0]);
});

test("a query that failed is made again", async () => {
  let fails = true;
  const shared = shareByKey(async (key) => {
    if (fails) throw new Error("away");
    return key;
  });
  await expect(shared("1")).rejects.toThrow("away");
  fails = false;
  expect(await shared("1")).toBe("1");
});

test("only the latest results are kept", async () => {
  let queries = 0;
  const shared = shareByKey(async () => queries++);
  for (let i = 0; i < 17; i++) await shared(String(i));
  await shared("16");
  await shared("1");
  expect(queries).toBe(17);
  await shared("0");
  expect(queries).toBe(18);
});

test("a query is not ended by the call that began it", async () => {
  const ended = { signal: AbortSignal.abort(), traceContext: unsampledContext() };
  const shared = shareByKey(async () => currentSignal());
  expect(await runInContext(ended, () => shared("1"))).toBeUndefined();
});
