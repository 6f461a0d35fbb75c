import { currentSignal, runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext } from "@bellwether/telemetry/unsampled-trace";
import { expect, test } from "vitest";
import { shareRunning } from "./share-running.ts";

const never = new AbortController().signal;

function work() {
  const runs: { readonly signal: AbortSignal; readonly end: PromiseWithResolvers<number> }[] = [];
  const shared = shareRunning((signal) => {
    const end = Promise.withResolvers<number>();
    runs.push({ signal, end });
    return end.promise;
  });
  return { runs, shared };
}

test("200 calls share one running work, and a call after its end starts another", async () => {
  const { runs, shared } = work();
  const calls = Array.from({ length: 200 }, () => shared(never));
  expect(runs).toHaveLength(1);
  runs[0]?.end.resolve(7);
  expect(new Set(await Promise.all(calls))).toEqual(new Set([7]));
  void shared(never);
  expect(runs).toHaveLength(2);
});

test("a canceled call stops waiting, and the work is aborted only when no call waits", async () => {
  const { runs, shared } = work();
  const [one, other] = [new AbortController(), new AbortController()];
  const calls = [shared(one.signal), shared(other.signal)];
  one.abort(new Error("canceled"));
  await expect(calls[0]).rejects.toThrow("canceled");
  expect(runs[0]?.signal.aborted).toBe(false);
  other.abort(new Error("canceled too"));
  await expect(calls[1]).rejects.toThrow("canceled too");
  expect(runs[0]?.signal.aborted).toBe(true);
  // The aborted work has not ended yet: a new call does not get its result.
  const next = shared(never);
  runs[0]?.end.reject(new Error("aborted"));
  runs[1]?.end.resolve(2);
  expect(await next).toBe(2);
});

test("an error reaches every waiting call, and the next call starts again", async () => {
  const { runs, shared } = work();
  const calls = [shared(never), shared(never)];
  runs[0]?.end.reject(new Error("away"));
  for (const call of calls) await expect(call).rejects.toThrow("away");
  const next = shared(never);
  runs[1]?.end.resolve(1);
  expect(await next).toBe(1);
});

test("the work is not ended by the call that began it", async () => {
  const ended = { signal: AbortSignal.abort(), traceContext: unsampledContext() };
  const shared = shareRunning(async () => currentSignal());
  expect(await runInContext(ended, () => shared(new AbortController().signal))).toBeUndefined();
});
