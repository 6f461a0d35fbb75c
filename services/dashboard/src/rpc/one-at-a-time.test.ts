import { expect, test, vi } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

/** Returns work that the test ends. */
function slowWork() {
  const ends: PromiseWithResolvers<void>[] = [];
  const ask = oneAtATime(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { ask, ends };
}

test("many requests during a run start one more run", async () => {
  const { ask, ends } = slowWork();
  for (let i = 0; i < 5; i++) ask();
  expect(ends).toHaveLength(1);
  ends[0]?.resolve();
  await vi.waitFor(() => expect(ends).toHaveLength(2));
  ends[1]?.resolve();
  await ends[1]?.promise;
  expect(ends).toHaveLength(2);
});

test("a failed run does not prevent the next run", async () => {
  const { ask, ends } = slowWork();
  ask();
  ends[0]?.reject(new Error("away"));
  await vi.waitFor(() => {
    ask();
    expect(ends).toHaveLength(2);
  });
});
