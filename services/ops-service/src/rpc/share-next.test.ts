import { currentSignal, runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext } from "@bellwether/telemetry/unsampled-trace";
import { expect, test } from "vitest";
import { shareNext } from "./share-next.ts";

/** A query whose runs end when the test says so. */
function openQuery() {
  const runs: { readonly request: string; readonly end: (result: string) => void; readonly fail: () => void }[] = [];
  const shared = shareNext(
    (request: string) =>
      new Promise<string>((resolve, reject) => {
        runs.push({ request, end: resolve, fail: () => reject(new Error("away")) });
      }),
    (request) => request,
  );
  return { runs, shared };
}

test("calls that come while a query runs share the next run: no result is older than its call", async () => {
  const { runs, shared } = openQuery();
  const first = shared("a");
  const [second, third] = [shared("a"), shared("a")];
  expect(runs).toHaveLength(1);
  runs[0]?.end("old");
  expect(await first).toBe("old");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.end("new");
  expect(await Promise.all([second, third])).toEqual(["new", "new"]);
});

test("calls with different keys run side by side", async () => {
  const { runs, shared } = openQuery();
  const answers = [shared("a"), shared("b")];
  expect(runs.map(({ request }) => request)).toEqual(["a", "b"]);
  for (const { request, end } of runs) end(request);
  expect(await Promise.all(answers)).toEqual(["a", "b"]);
});

test("a run that fails fails for its calls only, and the next run begins", async () => {
  const { runs, shared } = openQuery();
  const first = shared("a");
  const second = shared("a");
  runs[0]?.fail();
  await expect(first).rejects.toThrow("away");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.end("back");
  expect(await second).toBe("back");
});

test("a later call runs the query again", async () => {
  let count = 0;
  const shared = shareNext(
    async (_request: string) => ++count,
    (request) => request,
  );
  expect(await shared("a")).toBe(1);
  expect(await shared("a")).toBe(2);
});

test("a query does not have the signal of the call that began it", async () => {
  const shared = shareNext(
    async (_request: string) => currentSignal(),
    (request) => request,
  );
  const source = { signal: AbortSignal.abort(), traceContext: unsampledContext() };
  expect(await runInContext(source, () => shared("a"))).toBeUndefined();
});
