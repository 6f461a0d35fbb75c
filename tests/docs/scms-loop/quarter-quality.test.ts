import { expect, test } from "vitest";
import { DAY_MS } from "./deliveries.ts";
import { ALL, type LabelledVendor, measureQuarters, quarterOf, TRIVIAL } from "./quarter-quality.ts";

const WEEKS = ["2011-W04", "2011-W30"] as const;

/** Twenty vendors in two months. The first ten are late, and stay so; outcomes are known after a hundred days. */
const rows = WEEKS.flatMap((isoWeek, month) =>
  Array.from({ length: 20 }, (_, i): LabelledVendor => {
    const knownDay = Date.UTC(2011, 0, 30) / DAY_MS + 182 * month + 100;
    return {
      ...{ isoWeek, vendor: `vendor ${i}`, label: { vendor: `vendor ${i}`, isoWeek, isLate: i < 10, knownDay } },
      scores: { right: 1 - i / 20, wrong: i / 20, later: month === 0 ? Number.NaN : 0.5 },
    };
  }),
);

test("each way is measured in the quarters in which it has scores", () => {
  const measured = measureQuarters(rows, ["right", "wrong", "later"]);
  expect(measured.map(({ quarter }) => quarter)).toEqual(["2011 Q1", "2011 Q3", ALL]);
  const [first, second, all] = measured;
  expect(first?.ways.right?.auc.value).toBe(1);
  expect(first?.ways.wrong?.auc.value).toBe(0);
  expect(first?.ways.later?.auc.value).toBeNull();
  expect(second?.ways.later?.auc.value).toBe(0.5);
  expect([all?.rows, all?.late]).toEqual([20, 10]);
});

test("the last known outcome is what was known on the day, not what became known later", () => {
  const [first, second] = measureQuarters(rows, ["right"]);
  expect(first?.ways[TRIVIAL]?.auc.value).toBeNull();
  expect(second?.ways[TRIVIAL]?.auc.value).toBe(1);
  expect(second?.ways[TRIVIAL]?.brier.value).toBeCloseTo(0.25);
});

test("the quarter is that of the Sunday on which a week ends", () => {
  expect(["2010-W12", "2010-W13", "2008-W52"].map(quarterOf)).toEqual(["2010 Q1", "2010 Q2", "2008 Q4"]);
});
