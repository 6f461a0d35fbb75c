import { afterEach, expect, test, vi } from "vitest";
import { followStream } from "./follow-stream.ts";

async function* messages(list: readonly string[], failure?: Error): AsyncGenerator<string> {
  yield* list;
  if (failure) throw failure;
}

/** Follows the given streams one after another, and stops after the last. */
async function follow(streams: readonly AsyncIterable<string>[]) {
  const stop = new AbortController();
  const log: string[] = [];
  const left = [...streams];
  await followStream({
    open: () => left.shift() ?? messages([]),
    onMessage: (message) => log.push(message),
    onLive: (live) => log.push(live ? "live" : "lost"),
    wait: async (ms) => {
      log.push(`${ms} ms`);
      if (left.length === 0) stop.abort();
    },
    signal: stop.signal,
  });
  return log;
}

test("a stream that ends or fails is opened again, and onLive is called", async () => {
  const log = await follow([messages(["a"], new Error("gone")), messages(["b"])]);
  expect(log).toEqual(["live", "a", "lost", "1000 ms", "live", "b", "lost", "1000 ms"]);
});

test("without messages the pauses double up to 30 s, and the first message resets them", async () => {
  const dead = Array.from({ length: 6 }, () => messages([], new Error("refused")));
  const log = await follow([...dead, messages(["a"])]);
  expect(log.filter((line) => line.endsWith("ms")).map((line) => Number.parseInt(line, 10))).toEqual([
    1000, 2000, 4000, 8000, 16000, 30000, 1000,
  ]);
});

test("the first message of each opening is marked", async () => {
  const stop = new AbortController();
  const first: boolean[] = [];
  const left = [messages(["a", "b"]), messages(["c"])];
  await followStream({
    open: () => left.shift() ?? messages([]),
    onMessage: (_, isFirst) => first.push(isFirst),
    onLive: () => {},
    wait: async () => {
      if (left.length === 0) stop.abort();
    },
    signal: stop.signal,
  });
  expect(first).toEqual([true, false, true]);
});

test("no stream is opened after the signal is aborted", async () => {
  await followStream({
    open: () => {
      throw new Error("opened");
    },
    onMessage: () => {},
    onLive: () => {
      throw new Error("told");
    },
    wait: () => Promise.resolve(),
    signal: AbortSignal.abort(),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Messages at these times in ms, then none until the signal is aborted. */
async function* messagesAt(times: readonly number[], signal: AbortSignal): AsyncGenerator<string> {
  let now = 0;
  for (const time of times) {
    await new Promise((resolve) => setTimeout(resolve, time - now));
    now = time;
    yield String(time);
  }
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

test.each([
  [[0], 45_000],
  [[0, 20_000, 40_000], 85_000],
])(
  "a stream with messages at %j ms counts as broken at %i ms, 45 s after the last message, and is opened again",
  async (times, lostAt) => {
    vi.useFakeTimers();
    const stop = new AbortController();
    const live: boolean[] = [];
    let openings = 0;
    const following = followStream({
      open: (signal) => {
        openings++;
        return messagesAt(openings === 1 ? times : [0], signal);
      },
      onMessage: () => {},
      onLive: (isLive) => live.push(isLive),
      wait: () => Promise.resolve(),
      signal: stop.signal,
    });
    await vi.advanceTimersByTimeAsync(lostAt - 1);
    expect([live, openings]).toEqual([[true], 1]);
    await vi.advanceTimersByTimeAsync(1);
    expect([live, openings]).toEqual([[true, false], 2]);
    await vi.advanceTimersByTimeAsync(1);
    expect(live).toEqual([true, false, true]);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    await following;
  },
);

test("a stream that never sends a message is opened again too", async () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  let openings = 0;
  const following = followStream({
    open: (signal) => {
      openings++;
      return messagesAt([], signal);
    },
    onMessage: () => {},
    onLive: () => {},
    wait: () => Promise.resolve(),
    signal: stop.signal,
  });
  await vi.advanceTimersByTimeAsync(44_999);
  expect(openings).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(openings).toBe(2);
  stop.abort();
  await following;
});
