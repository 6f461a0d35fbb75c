import { expect, test } from "vitest";
import { parseConfigPair } from "./config-pair.ts";
import { parseYaml } from "./yaml-file.ts";

const MODEL = `version: 1
name: demo
features:
  - { name: spend, kind: numeric, unit: usd, range: [0, 1] }
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

/** Returns a mapping with one source; `source` and `column` are added to the YAML of the source and of its column spend. */
const yaml = (source = "", column = "type: number", file = "a.csv") => `version: 1
sources:
  suppliers:
    file: ${file}
${source === "" ? "" : `    ${source.split("; ").join("\n    ")}\n`}    columns:
      id: text
      spend: { ${column} }
rows: { from: suppliers, supplier_id: id, features: [spend] }
label: select id as supplier_id, 1 as late from suppliers
`;

const parse = (text: string) => parseConfigPair(parseYaml(MODEL, "m.yaml"), parseYaml(text, "f.yaml"));

async function columnOf(source: string, column: string) {
  const { mapping } = await parse(yaml(source, column));
  return mapping.sources[0]?.columns[1];
}

test("options that say what was the case before they existed do not change the hash", async () => {
  const { configHash } = await parse(yaml());
  for (const source of ["skip_lines: 0", "thousands: none", "time_zone: UTC", 'encoding: "utf-8"'])
    expect((await parse(yaml(source))).configHash).toBe(configHash);
  for (const column of ["type: number, optional: false", "type: number, decimal: '.'", "type: number, thousands: none"])
    expect((await parse(yaml("", column))).configHash).toBe(configHash);
  expect((await parse(yaml("", "type: number", "a.csv/"))).configHash).toBe(configHash);
  for (const source of ["skip_lines: 1", "thousands: ','"])
    expect((await parse(yaml(source))).configHash).not.toBe(configHash);
  for (const column of ["optional: true", "percent: share", "currency: [€]", "negative: [after]", "decimal: ','"])
    expect((await parse(yaml("", `type: number, ${column}`))).configHash).not.toBe(configHash);
});

test("marks of a source apply to its number columns, and a column has its own", async () => {
  const marks = { percent: null, currency: [], negative: [] };
  expect(await columnOf("decimal: ','; thousands: '.'", "type: number")).toMatchObject({
    numberForm: { decimal: ",", thousands: ".", ...marks },
  });
  expect(await columnOf("thousands: ','", "type: integer")).toMatchObject({ numberForm: { thousands: "," } });
  expect(await columnOf("decimal: ','; thousands: '.'", "type: number, decimal: '.', thousands: none")).toMatchObject({
    numberForm: { decimal: ".", thousands: null },
  });
  expect(await columnOf("decimal: ','", "type: number")).not.toHaveProperty("numberForm");
  expect(await columnOf("thousands: ','", "type: text")).not.toHaveProperty("numberForm");
  expect(await columnOf("time_zone: Europe/Berlin", "type: date")).toMatchObject({ timeZone: "Europe/Berlin" });
  expect(await columnOf("time_zone: Europe/Berlin", "type: date, time_zone: UTC")).not.toHaveProperty("timeZone");
  expect(await columnOf("time_zone: Europe/Berlin", "type: number")).not.toHaveProperty("timeZone");
});

test.each(["skip_lines: 1000", 'thousands: "\'"', "thousands: ' '", 'delimiter: "^"', 'delimiter: "\\x01"'])(
  "a source may have %s",
  async (source) => {
    await expect(parse(yaml(source))).resolves.toBeDefined();
  },
);

test.each([
  "type: date, formats: [excel]",
  "type: date, formats: ['%d.%m.%y', excel-1904], two_digit_years_from: 1800",
  "type: timestamp, formats: ['%-y-%m'], two_digit_years_from: 2100",
  "type: integer, currency: [€, EUR, kr], negative: [after, parentheses]",
])("a column may have %s", async (column) => {
  await expect(parse(yaml("", column))).resolves.toBeDefined();
});

test.each([
  ["skip_lines: 1001", "type: number", /skip_lines: found 1001, expected an integer from 0 to 1000/],
  ["format: parquet; skip_lines: 1", "type: number", /no skip_lines, which only a CSV file has/],
  ["thousands: '.'", "type: number", /thousands: found ".", expected another mark than decimal/],
  ["decimal: ','", "type: number, thousands: ','", /spend\.thousands: .* expected another mark than decimal/],
  ["thousands: ','", "type: number, decimal: ','", /spend\.decimal: .* expected another mark than decimal/],
  ["thousands: ;", "type: number", /expected one of "\.", ",", " ", "'", none/],
  ["delimiter: x", "type: number", /expected one of ",", ";", "\\t", "\|", "\^", "~", "\\x01"/],
  ["time_zone: Mars/Olympus", "type: date", /expected an IANA time zone such as Europe\/Berlin or UTC/],
  [
    "",
    "type: number, null_patterns: [ok, '(a']",
    /^ {2}f\.yaml:7:50 .*spend\.null_patterns\[1\]: found "\(a", expected a pattern/m,
  ],
  ["", "type: text, percent: share", /no percent, which only a number has/],
  ["", "type: integer, percent: share", /no percent, which only a number has/],
  ["", "type: date, currency: [€]", /no currency, which only a number or integer has/],
  ["", "type: number, time_zone: UTC", /no time_zone, which only a date or timestamp has/],
  ["", "type: number, formats: ['%Y']", /no formats, which only a date or timestamp has/],
  ["", "type: number, currency: [1]", /expected a currency mark of 1 to 10 characters/],
  ["", "type: number, currency: ['%']", /expected a currency mark/],
  ["", "type: number, currency: []", /expected at least one mark/],
  ["", "type: date, two_digit_years_from: 1950", /no form of formats has a two-digit year \(%y\)/],
  ["", "type: date, formats: ['%%y %Y'], two_digit_years_from: 1950", /no form of formats has a two-digit year/],
  ["", "type: date, formats: ['%y'], two_digit_years_from: 1799", /an integer from 1800 to 2100/],
  ["", "type: date, formats: [excel-1900]", /a strptime form such as %Y-%m-%d, or excel or excel-1904/],
])("a mapping with %s and { %s } is rejected with the expected form", async (source, column, expected) => {
  await expect(parse(yaml(source, column))).rejects.toThrow(expected);
});

test.each(["d", "d/", "a/b.csv", "week={week}/{part_1}.csv", "*/?.csv"])("the file %s is valid", async (file) => {
  const { mapping } = await parse(yaml("", "type: number", JSON.stringify(file)));
  expect(mapping.sources[0]?.file).toBe(file.replace(/\/$/, ""));
});

test.each(["{week}_{week}.csv", "{Week}.csv", "{}.csv", "a//b", "../a", "/a", "a/.."])(
  "the file %s is rejected",
  async (file) => {
    await expect(parse(yaml("", "type: number", JSON.stringify(file)))).rejects.toThrow(
      /a file, folder or pattern below the data folder/,
    );
  },
);

test("keep is 'newest by' with the name of a column", async () => {
  const kept = (keep: string) => parse(yaml().replace("features: [spend]", `features: [spend], keep: ${keep}`));
  expect((await kept("newest by spend")).mapping.rows.keepNewestBy).toBe("spend");
  expect((await parse(yaml())).mapping.rows).not.toHaveProperty("keepNewestBy");
  await expect(kept("newest")).rejects.toThrow(/rows\.keep: found "newest", expected "newest by COLUMN"/);
});

test("a column with the name of the file's column in place of a type is told the header", async () => {
  const named = (text: string) => parse(yaml().replace("id: text", `id: ${text}`));
  await expect(named("Vendor Name")).rejects.toThrow(
    /columns\.id\.type: found "Vendor Name", expected one of text, .*; when .* write \{ header: Vendor Name, type: text \}/,
  );
  await expect(named('"#1"')).rejects.toThrow('write { header: "#1", type: text }');
  await expect(named("{ type: txt }")).rejects.toThrow(/found "txt", expected one of text, number, [a-z, ]+$/m);
});
