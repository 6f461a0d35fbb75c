import { expect, test } from "vitest";
import { dataFolder, SMALL_MODEL, smallPair } from "../../test/mapping-fixture.ts";
import { readTrainingTable } from "./training-table.ts";

const MODEL = SMALL_MODEL.replace("by: supplier", "by: time, test_share: 0.3");
/** Twelve months of orders of 24 suppliers, due on the 10th and delivered up to 40 days later. */
const ORDERS = Array.from({ length: 24 * 12 }, (_, i) => {
  const [supplier, month] = [i % 24, Math.floor(i / 24)];
  const due = new Date(Date.UTC(2024, month, 10));
  const late = new Date(due.getTime() + ((supplier * 7 + month * 5) % 41) * 86_400_000);
  return `s${supplier},${due.toISOString().slice(0, 10)},${late.toISOString().slice(0, 10)},${supplier + month}`;
});

const mapping = (known: string, label: string): string => `version: 1
sources:
  orders: { file: orders.csv, columns: { id: text, due: date, delivered: date, amount: number } }
snapshots: { every: month, from: 2024-04-01, to: 2024-10-01 }
steps:
  - name: known
    sql: select s.as_of, o.* from snapshots s join orders o on ${known}
  - name: months
    sql: select as_of, id, avg(delivered - due) as delay, sum(amount) as amount from known group by all
rows: { from: months, supplier_id: id, as_of: as_of, features: [delay, amount] }
label: |
  select o.id as supplier_id, s.as_of, max(o.delivered - o.due) > 25 as late
  from snapshots s join orders o on ${label} group by all
`;
const NEXT = "o.due >= s.as_of and o.due < s.as_of + 60";

async function warningsOf(text: string): Promise<readonly string[]> {
  await using folder = await dataFolder({ "orders.csv": `id,due,delivered,amount\n${ORDERS.join("\n")}\n` });
  const pair = await smallPair({ model: MODEL, mapping: text });
  return (await readTrainingTable({ ...pair, dataDir: folder.path, checksFuture: true })).warnings;
}

test("a mapping that knows only what was delivered has no warning", async () => {
  expect(await warningsOf(mapping("o.delivered < s.as_of", NEXT))).toEqual([]);
});

test("a mapping that reads deliveries after the snapshot date is reported with its features", async () => {
  const [warning, ...more] = await warningsOf(mapping("o.due < s.as_of", NEXT));
  expect(warning).toMatch(
    /^the mapping uses data of the future: features of \d+ of \d+ rows up to 2024-0\d-01 change .* \(delay\)/,
  );
  expect(more).toEqual([]);
});

test("a label that is known at the snapshot date is reported", async () => {
  expect(await warningsOf(mapping("o.delivered < s.as_of", "o.delivered < s.as_of and o.due >= s.as_of - 60"))).toEqual(
    [expect.stringMatching(/^the label is known before its features end: the labels of 2024-0\d-01 are the same/)],
  );
});
