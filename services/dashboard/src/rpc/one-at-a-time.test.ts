import { expect, test, vi } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

/** Work that ends when the test says so. */
function slowWork() {
  const ends: PromiseWithResolvers<void>[] = [];
  const ask = oneAtATime(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { ask, ends };
}

test("asked many times while it runs, it runs once more", async () => {
  const { ask, ends } = slowWork();
  for (let i = 0; i < 5; i++) ask();
  expect(ends).toHaveLength(1);
  ends[0]?.resolve();
  await vi.waitFor(() => expect(ends).toHaveLength(2));
  ends[1]?.resolve();
  await ends[1]?.promise;
  expect(ends).toHaveLength(2);
});

test("a run that failed does not keep the next from running", async () => {
  const { ask, ends } = slowWork();
  ask();
  ends[0]?.reject(new Error("away"));
  await vi.waitFor(() => {
    ask();
    expect(ends).toHaveLength(2);
  });
});
