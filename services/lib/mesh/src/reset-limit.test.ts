import { describe, expect, it } from "vitest";
import { createResetLimit } from "./reset-limit.ts";

/** How many of `count` resets at one moment pass. */
function passing(limit: (now: number) => boolean, count: number, now: number): number {
  return Array.from({ length: count }, () => limit(now)).filter((passes) => passes).length;
}

describe("the reset limit of a connection", () => {
  it("lets a burst pass and not one more", () => {
    expect(passing(createResetLimit({ burst: 3, perSecond: 10 }, 0), 4, 0)).toBe(3);
  });

  it("lets so many a second pass in the long run", () => {
    const limit = createResetLimit({ burst: 3, perSecond: 10 }, 0);
    passing(limit, 3, 0);
    expect(passing(limit, 5, 100)).toBe(1);
    expect(passing(limit, 5, 199)).toBe(0);
    expect(passing(limit, 5, 200)).toBe(1);
  });

  it("saves up no more than a burst", () => {
    expect(passing(createResetLimit({ burst: 3, perSecond: 10 }, 0), 10, 60_000)).toBe(3);
  });
});
