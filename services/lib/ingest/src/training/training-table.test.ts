import { loadConfigPair } from "@bellwether/config/config-pair";
import { toCsv } from "@bellwether/demo-data/csv";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, SMALL_MODEL } from "../../test/mapping-fixture.ts";
import { readTrainingTable } from "./training-table.ts";

function csv(lines: string): Record<string, string> {
  return { "suppliers.csv": `id,delay,amount,late\n${lines}` };
}

test.each([
  ["outside the physical range", "s9,366,1,0\n", "delay", "outside the physical range -365 to 365", "s9: 366.0"],
  ["without a supplier", ",1,1,0\n", "supplier_id", "empty", "nothing"],
  ["with an id of 129 bytes", `${"x".repeat(129)},1,1,0\n`, "supplier_id", "longer than 128 bytes", "xxx"],
  ["with a label that is neither 0 nor 1", "s9,1,1,2\n", "late", "neither 0 nor 1", "s9: 2"],
  ["of a supplier that was there", "s1,9,9,0\n", null, "", ""],
])("rejects a row %s", async (_, bad, column, reason, text) => {
  const reading = readSmall(csv(`s1,1,1,0\ns2,2,2,1\n${bad}s3,365,0,0\n`));
  if (column === null) return expect(reading).rejects.toThrow("label: it labels s1 more than once");
  const { table, rejected } = await reading;
  expect(table.supplierIds).toEqual(["s1", "s2", "s3"]);
  expect(rejected).toMatchObject({ count: 1, bySource: { rows: 1 }, samples: [{ source: "rows", column, reason }] });
  expect(rejected.samples[0]?.text).toContain(text);
});

test("a missing value is accepted or rejected by the feature's policy; an expression that does not return a number is rejected", async () => {
  const files = csv("s1,,1,0\ns2,2,,1\n");
  expect((await readSmall(files)).table.numbers.get("delay")?.[0]).toBeNaN();
  const model = SMALL_MODEL.replace("range: [-365, 365]", "range: [-365, 365], missing: refuse");
  expect((await readSmall(files, { model })).rejected.samples[0]?.reason).toBe(
    "missing, which this feature may not be",
  );
  const mapping = SMALL_MAPPING.replace(
    "features: [delay, amount]",
    "features: { delay: \"case id when 's1' then 'x' else '3' end\", amount: amount }",
  );
  const { table, rejected } = await readSmall(files, { mapping });
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(3));
  expect(rejected.samples[0]).toMatchObject({ column: "delay", reason: "not a finite number", text: "s1: x" });
});

test("rows are ordered by date and supplier; rows without a label are left out and counted", async () => {
  const model = SMALL_MODEL.replace("by: supplier", "by: time");
  const mapping = SMALL_MAPPING.replace("id: text, delay", "id: text, day: date, delay")
    .replace("supplier_id: id\n  features", "supplier_id: id\n  as_of: day\n  features")
    .replace("select id as supplier_id, late", "select id as supplier_id, day as as_of, late")
    .replace("from suppliers\nweekly", "from suppliers where late is not null\nweekly");
  const { table, unlabelled } = await readSmall(
    {
      "suppliers.csv":
        "id,day,delay,amount,late\nb,2012-02-01,1,1,0\na,2012-02-01,2,1,1\nb,1970-01-02,3,1,1\nc,2012-01-01,4,1,\n",
    },
    { model, mapping },
  );
  expect(table.supplierIds).toEqual(["b", "a", "b"]);
  expect(table.asOfDays).toEqual(Int32Array.of(1, 15371, 15371));
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(3, 2, 1));
  expect(table.labels).toEqual(Uint8Array.of(1, 1, 0));
  expect(unlabelled).toBe(1);
});

test("blank categories and texts are missing, and a text over 1 MiB is rejected", async () => {
  const model = SMALL_MODEL.replace(
    "target:",
    "  - { name: region, kind: category }\ntext: { name: contract, max_terms: 5 }\ntarget:",
  );
  const mapping = SMALL_MAPPING.replace("late: integer }", "late: integer, region: text, words: text }")
    .replace(
      "features: [delay, amount]\n  attributes",
      "features: [delay, amount, region]\n  text: words\n  attributes",
    )
    .replace(
      "features: [delay, amount]\n    attributes",
      "features: [delay, amount, region]\n    text: region\n    attributes",
    );
  const { table, rejected } = await readSmall(
    {
      "suppliers.csv": `id,delay,amount,late,region,words\ns1,1,1,0, North ,a b\ns2,1,1,1,,\ns3,1,1,0,South,${"x".repeat(2 ** 20)}\ns4,1,1,0,South,${"x".repeat(2 ** 20 + 1)}\n`,
    },
    { model, mapping },
  );
  expect(table.categories.get("region")).toEqual(["North", null, "South"]);
  expect(table.texts?.map((t) => t.length)).toEqual([3, 0, 2 ** 20]);
  expect(rejected.samples[0]).toMatchObject({ column: "contract", reason: "longer than 1048576 bytes" });
});

test("the demo pair produces the features that the generator computed, equal on one core and on two", async () => {
  const demo = generateDemo({ suppliers: 400, transactions: 800 }, 123);
  await using folder = await dataFolder({
    "suppliers.csv": toCsv(demo.suppliers),
    "transactions.csv": toCsv(demo.transactions),
    "contracts.csv": toCsv(demo.contracts),
  });
  const config = new URL("../../../../../config/", import.meta.url).pathname;
  const pair = await loadConfigPair(`${config}model_config.yaml`, `${config}feature_mapping.yaml`);
  const two = await readTrainingTable({ ...pair, dataDir: folder.path });
  const one = await readTrainingTable({ ...pair, dataDir: folder.path, limits: { threads: 1 } });
  expect(one).toEqual(two);
  const { table } = two;
  expect(table.rows).toBe(400);
  expect(two.rejected.count).toBe(0);
  expect([...table.numbers.keys()]).toEqual(pair.model.features.map((f) => f.name));
  expect(demo.suppliers.some((s) => demo.activity.get(s.supplier_id)?.txn_count === 0)).toBe(true);
  for (const [i, id] of table.supplierIds.entries()) {
    const { txn_count, avg_txn_amount, avg_delay, late_ratio, dispute_rate, avg_delivery_quality } =
      demo.activity.get(id) ?? {};
    const expected = { txn_count, avg_txn_amount, avg_delay, late_ratio, dispute_rate, avg_delivery_quality };
    for (const [name, value] of Object.entries(expected))
      expect(table.numbers.get(name)?.[i]).toBeCloseTo(value ?? Number.NaN, 9);
    expect(table.labels?.[i]).toBe(demo.suppliers[i]?.high_risk);
    expect(table.texts?.[i]).toBe(demo.contracts[i]?.contract_text);
  }
});
