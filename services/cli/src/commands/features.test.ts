import { expect, test } from "vitest";
import { rejectedHint } from "./features.ts";

const sample = {
  ...{ source: "weekly", file: "week.csv", line: 7, column: "spend", reason: "not a number" },
  text: "\nL-0020,many,1\n",
};

test("a supplier whose row was rejected has the place and the reason", () => {
  expect(rejectedHint({ samples: [sample] }, "L-0020")).toBe(
    'supplier "L-0020": its row in week.csv, line 7 was rejected: column spend: not a number',
  );
});

test("an id that is a part of another cell is not the supplier's row", () => {
  expect(rejectedHint({ samples: [sample] }, "L-002")).toBeNull();
});
