import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { followStream } from "./follow-stream.ts";
import { saysChange } from "./use-alert-watch.ts";

async function* messages(list: readonly string[], failure?: Error): AsyncGenerator<string> {
  yield* list;
  if (failure) throw failure;
}

/** Follows the given streams one after the other and stops when there are no more. */
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

test("a stream that ends or fails is opened again, and says so", async () => {
  const log = await follow([messages(["a"], new Error("gone")), messages(["b"])]);
  expect(log).toEqual(["live", "a", "lost", "1000 ms", "live", "b", "lost", "1000 ms"]);
});

test("pauses double up to 30 s while nothing arrives and start over with the first message", async () => {
  const dead = Array.from({ length: 6 }, () => messages([], new Error("refused")));
  const log = await follow([...dead, messages(["a"])]);
  expect(log.filter((line) => line.endsWith("ms")).map((line) => Number.parseInt(line, 10))).toEqual([
    1000, 2000, 4000, 8000, 16000, 30000, 1000,
  ]);
});

test("says which message is the first of an opening", async () => {
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

test("an empty message has alerts read again only as the first of an opening", () => {
  expect(saysChange({ alerts: [] }, true)).toBe(true);
  expect(saysChange({ alerts: [] }, false)).toBe(false);
  expect(saysChange({ alerts: [create(AlertSchema)] }, false)).toBe(true);
});

test("nothing is opened once the signal is aborted", async () => {
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
