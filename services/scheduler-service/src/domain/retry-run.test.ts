import { expect, test } from "vitest";
import { type RetryRunOptions, retryRun } from "./retry-run.ts";
import { PeerRejectedError, PeerUnavailableError } from "./scheduler-error.ts";

const overloaded = () => new PeerUnavailableError("ops-service", "REQUEST_MEMORY", { retryAfterMs: 1_000 });
const silent = () => new PeerUnavailableError("ml-service", "connect ECONNREFUSED 127.0.0.1:1");

/** Options with a clock that only the pauses move. */
function withClock(over: Partial<RetryRunOptions> = {}) {
  const pauses: number[] = [];
  let nowMs = 0;
  const options: RetryRunOptions = {
    ...{ overloadMs: 120_000, silenceMs: 30_000, signal: new AbortController().signal, nowMs: () => nowMs },
    pause: async (ms) => {
      pauses.push(ms);
      nowMs += ms;
    },
    onRetry: () => {},
    ...over,
  };
  return { options, pauses, nowMs: () => nowMs };
}

test("an overloaded peer is called again after at least the time that it asks for, with doubled pauses", async () => {
  const { options, pauses } = withClock();
  let calls = 0;
  const run = async () => {
    if (++calls < 5) throw overloaded();
    return "complete";
  };
  expect(await retryRun(run, options)).toBe("complete");
  expect(pauses).toEqual([1_000, 1_000, 2_000, 4_000]);
});

test("ends with the last error after two minutes of overload, and after 30 s without an answer", async () => {
  for (const [make, limitMs] of [
    [overloaded, 120_000],
    [silent, 30_000],
  ] as const) {
    const { options, nowMs } = withClock();
    await expect(retryRun(() => Promise.reject(make()), options)).rejects.toBeInstanceOf(PeerUnavailableError);
    // The last attempt is at the limit.
    expect(nowMs()).toBe(limitMs);
  }
});

test("a peer that asks for a longer time than is left is not called earlier than it asks", async () => {
  const { options, pauses } = withClock({ overloadMs: 2_500 });
  await expect(retryRun(() => Promise.reject(overloaded()), options)).rejects.toThrow("REQUEST_MEMORY");
  expect(pauses).toEqual([1_000, 1_000]);
});

test("progress starts the limit again", async () => {
  const { options, nowMs } = withClock();
  let calls = 0;
  const run = async (onProgress: () => void) => {
    onProgress();
    if (++calls < 400) throw overloaded();
  };
  await retryRun(run, options);
  expect(nowMs()).toBe(399_000);
});

test("another error, a limit of 0 and a stop end the run at once", async () => {
  const { options, pauses } = withClock();
  const rejected = new PeerRejectedError("ops-service", "no");
  await expect(retryRun(() => Promise.reject(rejected), options)).rejects.toBe(rejected);
  await expect(retryRun(() => Promise.reject(overloaded()), { ...options, overloadMs: 0 })).rejects.toThrow(
    "ops-service",
  );
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(retryRun(() => Promise.reject(silent()), { ...options, signal })).rejects.toThrow("ml-service");
  expect(pauses).toEqual([]);
});

test("the text says whether the peer answered", () => {
  expect(overloaded().message).toBe(
    "ops-service cannot take the call now (REQUEST_MEMORY); when it can, the run continues where it stopped",
  );
  expect(silent().message).toMatch(/^ml-service does not answer \(connect ECONNREFUSED/);
});
