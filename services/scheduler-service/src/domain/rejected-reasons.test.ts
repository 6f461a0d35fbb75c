import type { RejectedRows } from "@bellwether/ingest/rejected-rows";
import { expect, test } from "vitest";
import { describeReasons, rejectedReasons } from "./rejected-reasons.ts";

const reason = (column: string | null, text: string, rows: number) => ({
  ...{ stage: "reading" as const, source: "weekly", column, reason: text, rows },
});
const REJECTED: RejectedRows = {
  ...{ count: 10, repeated: 0, byStage: { reading: 10, mapping: 0, validating: 0 }, bySource: { weekly: 10 } },
  reasons: [reason("spend", "not a number", 2), reason("delay", "not a number", 5), reason(null, "too few columns", 2)],
  samples: [
    ...[{ source: "weekly", file: "week.csv", line: 7, column: "delay", reason: "not a number", text: "soon" }],
    ...[{ source: "weekly", file: "week.csv", line: 9, column: null, reason: "too few columns; 3 of 6", text: "a,b" }],
  ],
};

test("lists reasons with column, count and a sample, most rows first", () => {
  expect(describeReasons(rejectedReasons(REJECTED), true)).toBe(
    '5 rows, delay: not a number (for example line 7 of week.csv: "soon"); 2 rows, spend: not a number; 2 rows, too few columns (for example line 9 of week.csv: "a,b"; 3 of 6)',
  );
});

test("a text for logs contains no value of a row", () => {
  const text = describeReasons(rejectedReasons(REJECTED), false);
  expect(text).toContain("delay: not a number (for example line 7 of week.csv)");
  expect(text).not.toMatch(/soon|a,b|3 of 6/);
});

test("lists three reasons and counts the others", () => {
  const reasons = [...REJECTED.reasons, reason("region", "empty", 1)];
  expect(describeReasons(rejectedReasons({ ...REJECTED, reasons }), true)).toMatch(/; and 1 more reason$/);
});

test("a long detail of a row keeps the way out at its end", () => {
  const values = Array.from({ length: 3 }, (_, i) => `${String(i).repeat(40)} is "${"x".repeat(20)}", not "y"`).join(
    ", ",
  );
  const way = "keep: newest by COLUMN under rows chooses the newest row";
  const repeated = "a second row of the same supplier with other values";
  const shown = (detail: string): string =>
    describeReasons(
      rejectedReasons({
        ...REJECTED,
        reasons: [reason("supplier_id", repeated, 2)],
        samples: [
          ...[{ source: "weekly", file: "week.csv", line: 7, column: "supplier_id", text: "S1" }].map((one) => ({
            ...one,
            reason: `${repeated}${detail}`,
          })),
        ],
      }),
      true,
    );
  expect(shown(`; ${values} and 18 more columns; ${way}`)).toMatch(
    /0{40} is "x+", not "y", .*…; keep: newest by COLUMN under rows chooses the newest row\)$/,
  );
  expect(shown(`; ${"z".repeat(180)}; ${way}`)).toContain(`${"z".repeat(180)}; ${way})`);
  expect(shown("q".repeat(5_000)).length).toBeLessThan(700);
});
