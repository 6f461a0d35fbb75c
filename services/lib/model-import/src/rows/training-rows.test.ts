import { parseTable } from "@bellwether/risk-model/tables/value-table";
import { expect, test } from "vitest";
import { MAX_TRAINING_ROWS, profileTrainingRows } from "./training-rows.ts";

const tableOf = (text: string) => parseTable(new TextEncoder().encode(text));
const column = (name: string, category: string | null = null) => ({ input: name, name, category });
const COLUMNS = [column("spend"), column("region", "north"), column("region", "south")];

test("the features of the rows are profiled by their names, and the score is not", () => {
  const { profile, count, given, coded } = profileTrainingRows(
    tableOf("region,late,spend\nnorth,1,10\nsouth,0,20\nelsewhere,0,NA\n,0,20\n"),
    COLUMNS,
    true,
  );
  expect({ count, given, coded, score: profile.score }).toEqual({ count: 4, given: 4, coded: [], score: null });
  expect(profile.features).toMatchObject([
    { kind: "numeric", feature: "spend", rows: 4, missing: 1, suppliers: 4 },
    {
      ...{ kind: "category", feature: "region", rows: 4, missing: 1 },
      values: [
        { value: "elsewhere", count: 1 },
        { value: "north", count: 1 },
        { value: "south", count: 1 },
      ],
    },
  ]);
});

test("a long table is profiled by rows that are spread over it", () => {
  const rows = Array.from({ length: MAX_TRAINING_ROWS * 2 }, (_, i) => `${i < MAX_TRAINING_ROWS ? 0 : 1},north`);
  const { profile, count, given } = profileTrainingRows(tableOf(`spend,region\n${rows.join("\n")}\n`), COLUMNS, true);
  expect([count, given]).toEqual([MAX_TRAINING_ROWS, MAX_TRAINING_ROWS * 2]);
  const [spend] = profile.features;
  const half = MAX_TRAINING_ROWS / 2;
  expect(spend).toMatchObject({
    cuts: [
      { cut: 0, at: half },
      { cut: 1, at: half },
    ],
  });
});

test("rows without a column of the model, and cells that are not numbers, are errors", () => {
  expect(() => profileTrainingRows(tableOf("region\nnorth\n"), COLUMNS, true)).toThrow("lacks the column spend");
  expect(() => profileTrainingRows(tableOf("spend,region\nmuch,north\n"), COLUMNS, true)).toThrow("is not a number");
});
