import { access } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { expect, test } from "vitest";
import { dataFolder } from "../../test/mapping-fixture.ts";
import { readTrainingTable, type TrainingTable } from "../training/training-table.ts";
import { readChunks } from "./snapshot-chunks.ts";
import { snapshotWeekly } from "./weekly-snapshot.ts";

const CONFIG = new URL("../../../../../config/examples/scms/", import.meta.url).pathname;
const REAL = new URL("../../../../../../shared/data/", import.meta.url).pathname;
const FILE = "scms_delivery_history_2006_2013.csv.gz";
const hasRealData = await access(REAL + FILE).then(
  () => true,
  () => false,
);

const HEADER =
  "ID,Vendor,Country,Managed By,Product Group,Shipment Mode,Scheduled Delivery Date,Delivered to Client Date,Line Item Value,PQ First Sent to Client Date";

type Line = readonly [
  vendor: string,
  country: string,
  mode: string,
  scheduled: string,
  delivered: string,
  value: number,
];

/** Deliveries whose snapshot of 1 October 2012 is computed by hand below. */
const LINES: readonly Line[] = [
  // Acme, in the year before the snapshot: 4 lines, 1 late (6 days), one early (2 days).
  ["Acme, Ltd", "Kenya", "Air", "10-Jan-12", "16-Jan-12", 100],
  ["Acme, Ltd ", "Kenya", "Truck", "10-Feb-12", "08-Feb-12", 200],
  ["Acme, Ltd", "Côte d'Ivoire", "N/A", "10-Mar-12", "10-Mar-12", 300],
  ["Acme, Ltd", "Kenya", "Air Charter", "02-Oct-11", "02-Oct-11", 400],
  // Scheduled 366 days before the snapshot: outside the year, but it is Acme's first delivery.
  ["Acme, Ltd", "Kenya", "Air", "01-Oct-11", "01-Oct-11", 9999],
  // Scheduled before the snapshot, delivered on the snapshot day: not known yet on that morning.
  ["Acme, Ltd", "Kenya", "Ocean", "01-Sep-12", "01-Oct-12", 9999],
  // In the 90 days after the snapshot: 3 lines, 1 late: a third is more than a tenth.
  ["Acme, Ltd", "Kenya", "Air", "01-Oct-12", "02-Oct-12", 1],
  ["Acme, Ltd", "Kenya", "Air", "15-Nov-12", "15-Nov-12", 1],
  ["Acme, Ltd", "Kenya", "Air", "29-Dec-12", "20-Dec-12", 1],
  // Scheduled on the 90th day: outside the window; late, but it does not count.
  ["Acme, Ltd", "Kenya", "Air", "30-Dec-12", "30-Jan-13", 1],
  // Bolt has a history, but only two lines after the snapshot: no label.
  ["Bolt", "Peru", "Air", "10-Jan-12", "10-Jan-12", 50],
  ["Bolt", "Peru", "Air", "10-Oct-12", "20-Oct-12", 50],
  ["Bolt", "Peru", "Air", "11-Oct-12", "21-Oct-12", 50],
  // Carl has lines after the snapshot, but was not known before.
  ["Carl", "Peru", "Air", "10-Oct-12", "10-Oct-12", 50],
  ["Carl", "Peru", "Air", "11-Oct-12", "11-Oct-12", 50],
  ["Carl", "Peru", "Air", "12-Oct-12", "12-Oct-12", 50],
  // The programme's own warehouse is not a vendor.
  ["SCMS from RDC", "Peru", "Air", "10-Jan-12", "20-Jan-12", 50],
  ["SCMS from RDC", "Peru", "Air", "10-Oct-12", "20-Oct-12", 50],
  ["SCMS from RDC", "Peru", "Air", "11-Oct-12", "20-Oct-12", 50],
  ["SCMS from RDC", "Peru", "Air", "12-Oct-12", "20-Oct-12", 50],
];

function scmsCsv(lines: readonly Line[], extra = ""): Uint8Array {
  const rows = lines.map(
    ([vendor, country, mode, scheduled, delivered, value], i) =>
      `${i},"${vendor}",${country},PMO - US,ARV,${mode},${scheduled},${delivered},${value},${i % 2 ? "Pre-PQ Process" : "9/13/07"}`,
  );
  return gzipSync(`${HEADER}\n${rows.join("\n")}\n${extra}`);
}

async function readScms(lines: readonly Line[], extra = ""): Promise<TrainingTable> {
  await using folder = await dataFolder({ [FILE]: scmsCsv(lines, extra) });
  const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  return await readTrainingTable({ ...pair, dataDir: folder.path });
}

const OCTOBER = Date.UTC(2012, 9, 1) / 86_400_000;

/** Returns the features of a vendor on a day, by name; null when the table has no row of the vendor on that day. */
function featuresAt({ table }: TrainingTable, vendor: string, day: number) {
  const row = table.supplierIds.findIndex((id, i) => id === vendor && table.asOfDays?.[i] === day);
  if (row < 0) return null;
  return {
    ...Object.fromEntries([...table.numbers].map(([name, values]) => [name, values[row]])),
    late_soon: table.labels?.[row],
  };
}

test("a vendor-month has the values of the recipe, computed by hand", async () => {
  const read = await readScms(LINES);
  expect(featuresAt(read, "Acme, Ltd", OCTOBER)).toEqual({
    lines: 4,
    late_share: 0.25,
    mean_delay_days: (6 - 2 + 0 + 0) / 4,
    max_delay_days: 6,
    value_usd: 1000,
    countries: 2,
    air_share: 0.5,
    truck_share: 0.25,
    ocean_share: 0,
    tenure_days: 366,
    late_soon: 1,
  });
  for (const vendor of ["Bolt", "Carl", "SCMS from RDC"]) expect(featuresAt(read, vendor, OCTOBER)).toBeNull();
  expect(read.sources[0]?.ruledNull.shipment_mode).toBe(1);
});

test("a vendor with exactly a tenth of its lines late is not labelled late, with one line more it is", async () => {
  const ahead = (late: number): Line[] =>
    Array.from({ length: 10 }, (_, i) => [
      "Acme, Ltd",
      "Kenya",
      "Air",
      "05-Oct-12",
      i < late ? "06-Oct-12" : "05-Oct-12",
      1,
    ]);
  const history = LINES.slice(0, 4);
  expect(featuresAt(await readScms([...history, ...ahead(1)]), "Acme, Ltd", OCTOBER)?.late_soon).toBe(0);
  expect(featuresAt(await readScms([...history, ...ahead(2)]), "Acme, Ltd", OCTOBER)?.late_soon).toBe(1);
});

test("unreadable dates and values are rejected, or made null by a rule, and counted", async () => {
  const line = (scheduled: string, value: string) =>
    `99,Acme,Kenya,PMO - US,ARV,Air,${scheduled},05-Oct-12,${value},x\n`;
  const { rejected, sources } = await readScms(
    LINES,
    line("Date Not Captured", "1") + line("2012-10-05", "1") + line("05-Oct-12", "Freight Included in Commodity Cost"),
  );
  expect(sources[0]?.ruledNull).toEqual({ shipment_mode: 1, scheduled_on: 1, delivered_on: 0 });
  expect(rejected.samples.map((s) => [s.line, s.column, s.reason, s.text])).toEqual([
    [23, "Scheduled Delivery Date", "not a date like %d-%b-%y; set formats: ['%d-%b-%y', '%Y-%m-%d']", "2012-10-05"],
    [24, "Line Item Value", "not a number", "Freight Included in Commodity Cost"],
  ]);
});

test("a weekly run maps the same raw file at a snapshot date", async () => {
  await using folder = await dataFolder({ [FILE]: scmsCsv(LINES) });
  const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  const task = { ...pair, input: folder.path, outParquet: `${folder.path}/week.parquet` };
  const run = { week: "2012-W52", asOf: "2012-12-30" };
  expect(await snapshotWeekly({ ...task, run })).toMatchObject({
    asOf: "2012-12-30",
    newestAsOf: "2012-12-30",
    rows: 3,
  });
  expect(await snapshotWeekly({ ...task, asOf: "2012-10-01" })).toMatchObject({ asOf: "2012-10-01", rows: 2 });
  const [chunk] = await Array.fromAsync(readChunks(task.outParquet));
  const acme = chunk?.supplierIds.indexOf("Acme, Ltd") ?? -1;
  expect(chunk?.numbers.get("late_share")?.[acme]).toBe(0.25);
  expect(chunk?.attributes.region[acme]).toBe("Kenya");
  expect(chunk?.attributes.exposure[acme]).toBe(1000);
  expect(chunk?.attributes.owner[acme]).toBe("PMO - US");
});

test("events after a snapshot change nothing in it", async () => {
  const known = LINES.filter((line) => Date.parse(`${line[4]} UTC`) < Date.UTC(2012, 9, 1));
  const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  const read = async (lines: readonly Line[]) => {
    await using folder = await dataFolder({ [FILE]: scmsCsv(lines) });
    const outParquet = `${folder.path}/week.parquet`;
    await snapshotWeekly({ ...pair, input: folder.path, outParquet, asOf: "2012-10-01" });
    return await Array.fromAsync(readChunks(outParquet));
  };
  expect(known.length).toBeLessThan(LINES.length);
  expect(await read(known)).toEqual(await read(LINES));
});

test.skipIf(!hasRealData)(
  "the real deliveries produce the vendor-months of the recipe (needs ../shared/data)",
  async () => {
    const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
    const { table, rejected, sources } = await readTrainingTable({ ...pair, dataDir: REAL });
    expect(sources[0]).toMatchObject({ rows: 7779, read: 7779, ruledNull: { shipment_mode: 360 } });
    expect(rejected.count).toBe(0);
    expect(table.rows).toBe(717);
    expect(new Set(table.supplierIds).size).toBe(25);
    expect(table.labels?.reduce((sum, label) => sum + label, 0)).toBe(112);
  },
);

test("the whole file run as an earlier week gives the snapshot of that week's end", async () => {
  await using folder = await dataFolder({ [FILE]: scmsCsv(LINES) });
  const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  const read = async (lines: readonly Line[]) => {
    await using data = await dataFolder({ [FILE]: scmsCsv(lines) });
    const outParquet = `${folder.path}/week.parquet`;
    const run = { week: "2012-W20", asOf: "2012-05-20" };
    const { asOf, rows } = await snapshotWeekly({ ...pair, input: data.path, outParquet, run });
    return { asOf, rows, chunks: await Array.fromAsync(readChunks(outParquet)) };
  };
  const all = await read(LINES);
  expect(all).toMatchObject({ asOf: "2012-05-20", rows: 2 });
  expect(all).toEqual(await read(LINES.filter((line) => Date.parse(`${line[4]} UTC`) < Date.UTC(2012, 4, 20))));
});

test("a mapping without a snapshot date takes the end of the run's week, and $week is the week", async () => {
  await using folder = await dataFolder({ [FILE]: scmsCsv(LINES) });
  const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  const rows = { ...pair.mapping.rows, attributes: { ...pair.mapping.rows.attributes, region: "$week" } };
  const mapping = { ...pair.mapping, rows, weekly: { form: "raw", snapshot: null } as const };
  const task = { ...pair, mapping, input: folder.path, outParquet: `${folder.path}/week.parquet` };
  const run = { week: "2012-W20", asOf: "2012-05-20" };
  expect(await snapshotWeekly({ ...task, run })).toMatchObject({ asOf: "2012-05-20" });
  const [chunk] = await Array.fromAsync(readChunks(task.outParquet));
  expect(chunk?.attributes.region).toEqual(["2012-W20", "2012-W20"]);
  await expect(snapshotWeekly(task)).rejects.toThrow("no snapshot date; pass one or add this SELECT");
});
