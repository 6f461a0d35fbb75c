import fc from "fast-check";
import { expect, test } from "vitest";
import { readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";
import { readNumber } from "../duckdb/number-sql.ts";

const COLUMNS = "{ id: text, delay: number, amount: number, late: integer }";

/** Reads semicolon-separated values of a column, with `options` of the source and of the column, as numbers. */
async function readValues(values: readonly string[], column: string, source = "", sql = "delay") {
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", `file: suppliers.csv\n    delimiter: ";"${source}`)
    .replace(COLUMNS, `{ id: text, delay: ${column}, amount: number, late: integer }`)
    .replace("features: [delay, amount]", `features: { delay: ${JSON.stringify(sql)}, amount: amount }`);
  const model = MODEL;
  const lines = values.map((value, i) => `s${String(i).padStart(3, "0")};${value};1;0`);
  const text = `id;delay;amount;late\n${lines.join("\n")}\n`;
  const { table, rejected, sources } = await readSmall(
    { "suppliers.csv": text },
    { mapping, model, limits: { maxRejectedShare: 1 } },
  );
  const read = new Map(table.supplierIds.map((id, row) => [Number(id?.slice(1)), table.numbers.get("delay")?.[row]]));
  return {
    numbers: values.map((_, i) => read.get(i) ?? "rejected"),
    reasons: rejected.samples.map(({ text: of, reason }) => `${of}: ${reason}`),
    notes: sources[0]?.notes,
  };
}

const MODEL = `version: 1
name: small
features:
  - { name: delay, kind: numeric, unit: days, range: [-1e15, 1e15] }
  - { name: amount, kind: numeric, unit: usd, range: [-1e15, 1e15] }
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

test("reads groups of three digits with the declared mark, and rejects other groups", async () => {
  const point = await readValues(
    ["1.234,56", "-1.234.567", "1234,5", "12.34,5", "1.2345", "1234.567", ".123", "1.234e3"],
    "number",
    "\n    decimal: ','\n    thousands: '.'",
  );
  const rejected = "rejected";
  expect(point.numbers).toEqual([1234.56, -1234567, 1234.5, rejected, rejected, rejected, rejected, rejected]);
  const blank = await readValues(
    ["1 234,5", "1\u00a0234\u202f567", "1 23", "1  234"],
    "{ type: number, decimal: ',', thousands: ' ' }",
  );
  expect(blank.numbers).toEqual([1234.5, 1234567, rejected, rejected]);
  const quote = await readValues(["1'234.5", "1’234"], `{ type: number, thousands: "'" }`);
  expect(quote.numbers).toEqual([1234.5, 1234]);
  const integer = await readValues(["1,234", "1,234.0", "-12", "1,23"], "{ type: integer, thousands: ',' }");
  expect(integer.numbers).toEqual([1234, rejected, -12, rejected]);
});

test("a column's marks replace those of its source", async () => {
  const none = await readValues(
    ["1.234", "1,5"],
    "{ type: number, decimal: '.', thousands: none }",
    "\n    decimal: ','\n    thousands: '.'",
  );
  expect(none.numbers).toEqual([1.234, "rejected"]);
});

test("a percent mark is required where it is declared, and is a share or points", async () => {
  const share = await readValues(["12.3%", "12.3 %", "-5 %", "7", "%", "1e2%"], "{ type: number, percent: share }");
  expect(share.numbers).toEqual([0.123, 0.123, -0.05, "rejected", "rejected", "rejected"]);
  const points = await readValues(
    ["12.3%", "1.250,5 %"],
    "{ type: number, percent: points, decimal: ',', thousands: '.' }",
  );
  expect(points.numbers).toEqual(["rejected", 1250.5]);
});

test("a number may have one of the declared currency marks; another mark rejects it", async () => {
  const { numbers, reasons } = await readValues(
    ["€ 1,234.50", "1,234.50 EUR", "-€5", "€-5", "7", "$ 5", "€ 5 EUR", "USD 1"],
    "{ type: number, thousands: ',', currency: [€, EUR] }",
  );
  expect(numbers).toEqual([1234.5, 1234.5, -5, -5, 7, "rejected", 5, "rejected"]);
  expect(reasons).toEqual([
    "$ 5: not a number; the currency of the column is € or EUR",
    "USD 1: not a number; the currency of the column is € or EUR",
  ]);
});

test("a minus sign after the number and parentheses are read where they are declared", async () => {
  const form = "{ type: number, decimal: ',', thousands: '.', negative: [after, parentheses] }";
  const { numbers } = await readValues(["1.234,50-", "(1.234,50)", "-7", "7", "(7", "7)", "-(7)", "(-7)", "-7-"], form);
  const rejected = "rejected";
  expect(numbers).toEqual([-1234.5, -1234.5, -7, 7, rejected, rejected, rejected, rejected, rejected]);
  expect((await readValues(["5-", "1"], "number")).reasons).toEqual(["5-: not a number; set negative: [after]"]);
});

test("DuckDB and the hints read every text as the same number", async () => {
  const piece = fc.constantFrom("1", "23", "456", "7890", ".", ",", "-", "+", "(", ")", "€", " ", "%", "0", "'");
  const form = {
    decimal: ",",
    thousands: ".",
    percent: null,
    currency: ["€"],
    negative: ["after", "parentheses"],
  } as const;
  const texts = fc
    .sample(fc.array(piece, { minLength: 1, maxLength: 6 }), { numRuns: 400, seed: 11 })
    .map((p) => p.join("").trim());
  const given = texts.filter((text) => text !== "");
  const { numbers } = await readValues(
    given,
    "{ type: number, decimal: ',', thousands: '.', currency: [€], negative: [after, parentheses] }",
  );
  expect(numbers).toEqual(given.map((text) => readNumber(text, form, false) ?? "rejected"));
});

test.each([
  ["1.234,56", "number", "not a number; set decimal: ',' and thousands: '.'"],
  ["1,234", "number", "not a number; set thousands: ',' if it is 1234, or decimal: ',' if it is 1.234"],
  ["1,5", "number", "not a number; set decimal: ','"],
  ["1 234.5", "number", "not a number; set thousands: ' '"],
  [
    "12,5 %",
    "number",
    "not a number; set decimal: ',' and percent: share if 12,5 % is 0.125, or percent: points if it is 12.5",
  ],
  ["€ 1.234,56", "number", "not a number; set decimal: ',' and thousands: '.' and currency: ['€']"],
  ["n/a", "number", "not a number; set null_values: ['n/a'] if it means not known"],
  ["#N/A", "integer", "not an integer; set null_values: ['#N/A'] if it means not known"],
  ["1.5", "integer", "not an integer; declare type: number"],
  ["soon", "number", "not a number"],
  ["31.12.2026", "date", "not a date like %Y-%m-%d; set formats: ['%Y-%m-%d', '%d.%m.%Y']"],
  [
    "03/04/2026",
    "date",
    "not a date like %Y-%m-%d; set formats: ['%Y-%m-%d', '%d/%m/%Y'], or '%m/%d/%Y' instead of '%d/%m/%Y' if the day and the month are the other way round",
  ],
  ["45292", "date", "not a date like %Y-%m-%d; set formats: [excel] if it is a serial number of Excel"],
  ["ja", "boolean", "not true or false; declare it as text, and compare it in the mapping's SQL"],
])("the reason for %j in a column of type %s names the option that reads it", async (text, type, expected) => {
  const sql = type === "date" || type === "boolean" ? "amount" : "delay";
  expect((await readValues([text, ""], type, "", sql)).reasons).toEqual([`${text}: ${expected}`]);
});

test("a two-digit year is in the hundred years from the declared one; 29 February only in leap years", async () => {
  const form = (from: string) => `{ type: date, formats: ['%d.%m.%y']${from} }`;
  const days = ["01.01.57", "31.12.49", "01.01.50", "29.02.00", "30.02.00"];
  const declared = await readValues(days, form(", two_digit_years_from: 1950"), "", "year(delay)");
  expect(declared.numbers).toEqual([1957, 2049, 1950, 2000, "rejected"]);
  expect(declared.notes).toEqual([]);
  const early = await readValues(days, form(", two_digit_years_from: 1850"), "", "year(delay)");
  expect(early.numbers).toEqual([1857, 1949, 1850, "rejected", "rejected"]);
  const undeclared = await readValues(days.slice(0, 3), form(""), "", "year(delay)");
  expect(undeclared.numbers).toEqual([2057, 2049, 2050]);
  expect(undeclared.notes).toEqual([
    'two-digit years of column "delay" were read as 1969 to 2068; set two_digit_years_from',
  ]);
});

test("reads serial numbers of Excel beside written dates", async () => {
  const days = "datediff('day', date '1900-01-01', delay)";
  const values = ["1", "59", "60", "61", "45292", "45292.75", "2958465", "2958466", "0", "01.01.2024", "4e4"];
  const { numbers } = await readValues(values, "{ type: date, formats: ['%d.%m.%Y', excel] }", "", days);
  const rejected = "rejected";
  expect(numbers).toEqual([0, 58, rejected, 59, 45290, 45290, 2958463, rejected, rejected, 45290, rejected]);
  const other = await readValues(
    ["0", "43830", "2957003", "2957004"],
    "{ type: date, formats: [excel-1904] }",
    "",
    days,
  );
  expect(other.numbers).toEqual([1460, 45290, 2958463, rejected]);
  const hour = await readValues(["45292.75"], "{ type: timestamp, formats: [excel] }", "", "hour(delay)");
  expect(hour.numbers).toEqual([18]);
});

test("a time with a zone becomes the day and time of the declared zone; one without a zone stays", async () => {
  const values = ["2024-01-01 00:30+0100", "2024-07-01 23:30+0000", "2024-07-01 12:00"];
  const formats = "formats: ['%Y-%m-%d %H:%M%z', '%Y-%m-%d %H:%M']";
  const berlin = await readValues(
    values,
    `{ type: timestamp, ${formats}, time_zone: Europe/Berlin }`,
    "",
    "dayofyear(delay) * 100 + hour(delay)",
  );
  expect(berlin.numbers).toEqual([100, 18401, 18312]);
  const source = await readValues(
    values,
    `{ type: date, ${formats} }`,
    "\n    time_zone: Europe/Berlin",
    "dayofyear(delay)",
  );
  expect(source.numbers).toEqual([1, 184, 183]);
  const utc = await readValues(values, `{ type: date, ${formats} }`, "", "dayofyear(delay)");
  expect(utc.numbers).toEqual([365, 183, 183]);
});

test.each([
  [
    "332826.17",
    "{ type: number, decimal: ',', thousands: '.' }",
    "set decimal: '.' and thousands: none if every number of the column is written like this; otherwise correct the value",
  ],
  [
    "0,712",
    "{ type: number, decimal: ',', percent: share }",
    "leave out percent if the values of the column have no % sign",
  ],
  ["1e400", "number", "it is too large: a number is at most 1.80e+308"],
])("the reason for %j in a column of %s names the marks of the column as the cause", async (text, type, hint) => {
  const { reasons } = await readValues([text, ""], type);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain(`; ${hint}`);
});
