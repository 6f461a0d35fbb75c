import { expect, test } from "vitest";
import { createCircuitBreaker } from "./circuit-breaker.ts";

function opened(failures: number) {
  const clock = { ms: 0 };
  const breaker = createCircuitBreaker({ failures: 3, openMs: 100, now: () => clock.ms });
  for (let i = 0; i < failures; i++) {
    breaker.tryEnter();
    breaker.failed();
  }
  return { clock, breaker };
}

test("opens at the third failure in a row, not at the second", () => {
  expect(opened(2).breaker.tryEnter()).toBe(true);
  expect(opened(3).breaker.tryEnter()).toBe(false);
});

test("a success between failures begins the count anew", () => {
  const { breaker } = opened(2);
  breaker.succeeded();
  breaker.failed();
  expect(breaker.tryEnter()).toBe(true);
});

test("after its time, one call at a time is tried", () => {
  const { breaker, clock } = opened(3);
  clock.ms = 99;
  expect(breaker.tryEnter()).toBe(false);
  clock.ms = 100;
  expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, false]);
  breaker.left();
  expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, false]);
  breaker.failed();
  clock.ms = 199;
  expect(breaker.tryEnter()).toBe(false);
  clock.ms = 200;
  expect(breaker.tryEnter()).toBe(true);
  breaker.succeeded();
  expect([breaker.tryEnter(), breaker.tryEnter()]).toEqual([true, true]);
});

test("a failure with a time of its own opens at once, for that time", () => {
  const { breaker, clock } = opened(0);
  breaker.failed(1_000);
  clock.ms = 999;
  expect(breaker.tryEnter()).toBe(false);
  clock.ms = 1_000;
  expect(breaker.tryEnter()).toBe(true);
});
