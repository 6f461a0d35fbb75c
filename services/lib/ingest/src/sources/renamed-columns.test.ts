import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly } from "../snapshot/weekly-snapshot.ts";

/** A weekly file of 300 suppliers, whose amounts go from 0 to 897. */
function weekOf(
  header: string,
  rowOf = (i: number): string => `s${i},${i % 40},${i * 3},${i % 2 ? "South" : "North"}`,
) {
  return `${header}\n${Array.from({ length: 300 }, (_, i) => rowOf(i)).join("\n")}\n`;
}

/** Reads a week and then another one, which is compared with the first one. */
async function second(csv: string, { mapping = SMALL_MAPPING, file = "week.csv" } = {}) {
  await using folder = await dataFolder({ "before.csv": weekOf("id,delay,amount,region") });
  const pair = await smallPair({ mapping });
  const read = (input: string) => ({ ...pair, input: join(folder.path, input), outParquet: join(folder.path, "out") });
  const { profile } = await snapshotWeekly(read("before.csv"));
  await writeFile(join(folder.path, file), csv);
  return await snapshotWeekly({ ...read(file), previous: { week: "2026-W46", columns: profile.columns } });
}

test("a required column under another name is an error that names both, why, and the line of the mapping", async () => {
  const both = second(weekOf("id,delay,amount_usd,region"));
  await expect(both).rejects.toThrow(
    'source "weekly", file "week.csv": it has no column "amount"; it has "amount_usd", whose name is similar and whose values are distributed like those of "amount" in 2026-W46: if it means the same, map it with amount: { header: amount_usd, … }',
  );
  const byValues = second(weekOf("id,delay,volume,region,note", (i) => `s${i},${i % 40},${i * 3 + 1},North,x${i}`));
  await expect(byValues).rejects.toThrow(
    'it has no column "amount"; it has "volume", whose values are distributed like those of "amount" in 2026-W46: if it means the same, map it with amount: { header: volume, … }',
  );
  const byName = second(weekOf("id,delay,amount_cents,region", (i) => `s${i},${i % 40},${i * 300},North`));
  await expect(byName).rejects.toThrow('it has "amount_cents", whose name is similar: if it means the same');
});

test("a column that is like none of the file is an error without a guess", async () => {
  const gone = second(weekOf("id,delay,note,region", (i) => `s${i},${i % 40},text ${i},North`));
  await expect(gone).rejects.toThrow(/it has no column "amount"$/);
});

test("a missing date is an error with the mapping that a file without dates needs", async () => {
  const mapping = SMALL_MAPPING.replace(
    "{ file: week.csv, columns: { id: text,",
    '{ file: week.csv, columns: { day: { header: Stichtag, type: date, formats: ["%Y-%m-%d"] }, id: text,',
  );
  await expect(second(weekOf("id,delay,amount,region"), { mapping })).rejects.toThrow(
    'it has no column "Stichtag" (a weekly file without the date of its rows needs day: { optional: true, … } and as_of: coalesce(day, $as_of) in the mapping)',
  );
});

test("names that differ in case only, and columns without a name, are compared too", async () => {
  const odd = second(weekOf("id,delay,Volume,volume,,region", (i) => `s${i},${i % 40},${i},${i * 3},,North`));
  await expect(odd).rejects.toThrow('it has no column "amount"; it has "volume", whose values are distributed like');
});

test("an optional column under another name is said with the columns that the mapping does not read", async () => {
  const mapping = SMALL_MAPPING.replace(
    "{ file: week.csv, columns: { id: text, delay: number, amount: number,",
    "{ file: week.csv, columns: { id: text, delay: number, amount: { type: number, optional: true },",
  );
  const { missing, rows } = await second(weekOf("id,delay,volume,region"), { mapping });
  expect(rows).toBe(300);
  expect(missing).toMatchObject([
    { column: "amount", feature: "amount", unread: [{ column: "volume", profile: { kind: "number", rows: 300 } }] },
  ]);
  expect((await second(weekOf("id,delay,amount,region"), { mapping })).missing).toEqual([]);
});
