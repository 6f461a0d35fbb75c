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

/** Runs work as a call that can be ended. */
function inCall<T>(work: () => Promise<T>) {
  const ending = new AbortController();
  const source = { signal: ending.signal, traceContext: unsampledContext() };
  const result = runInContext(source, work);
  return { result, end: () => ending.abort(new Error("the call has ended")) };
}

/** A query whose runs end only with their signal. */
function endlessQuery() {
  const signals: AbortSignal[] = [];
  const shared = shareNext(
    (_request: string) =>
      new Promise<string>((_, reject) => {
        const signal = currentSignal();
        if (!signal) throw new Error("the query has no signal");
        signals.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    (request) => request,
  );
  return { signals, shared };
}

test("a query ends when the call that waits for it has ended, and a later call begins it again", async () => {
  const { signals, shared } = endlessQuery();
  const call = inCall(() => shared("a"));
  call.end();
  await expect(call.result).rejects.toThrow("the call has ended");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  const next = inCall(() => shared("a"));
  await expect.poll(() => signals.length).toBe(2);
  next.end();
  await expect(next.result).rejects.toThrow("the call has ended");
});

test("the end of one call does not end the query of the others", async () => {
  const { runs, shared } = openQuery();
  const first = shared("a");
  const [leaving, staying] = [inCall(() => shared("a")), inCall(() => shared("a"))];
  leaving.end();
  await expect(leaving.result).rejects.toThrow("the call has ended");
  runs[0]?.end("old");
  expect(await first).toBe("old");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.end("new");
  expect(await staying.result).toBe("new");
});

test("a run is left out when all calls that waited for it have ended", async () => {
  const { runs, shared } = openQuery();
  const first = shared("a");
  const second = inCall(() => shared("a"));
  second.end();
  await expect(second.result).rejects.toThrow("the call has ended");
  runs[0]?.end("old");
  expect(await first).toBe("old");
  const third = shared("a");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.end("new");
  expect(await third).toBe("new");
  expect(runs).toHaveLength(2);
});
