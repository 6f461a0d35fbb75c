import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { CheckKind, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunHeldError } from "../src/domain/scheduler-error.ts";
import { createWeeklyRunner } from "../src/setup/create-weekly-runner.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

let registry = "";
let ml: ServiceProcess;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-held-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
});
afterAll(async () => {
  await ml[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

const NEVER = new AbortController().signal;
const WEEK = "2026-W47";

/** Returns a runner of `csv` with its own ledger. @param mapping text of another mapping */
async function setUp(csv: string, mapping?: string) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  const input = folder.at("week.csv");
  await writeFile(input, csv);
  if (mapping !== undefined) await writeFile(folder.settings.featureMapping, mapping);
  const ledger = stack.use(await startLedger());
  const runner = stack.use(await createWeeklyRunner({ ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url }));
  const run = (acceptLosses: string | null = null) =>
    runner.run(WEEK, input, NEVER, () => {}, {
      acceptLosses: acceptLosses === null ? null : { reason: acceptLosses, actor: "jane" },
    });
  const check = () => runner.check(WEEK, input, NEVER);
  return {
    folder,
    input,
    ledger,
    run,
    check,
    folderOf: runner.folderOf,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Lets the ledger know an earlier week with this file. */
async function knowEarlier(week: Awaited<ReturnType<typeof setUp>>, csv: string): Promise<void> {
  await using before = await setUp(csv);
  await before.run();
  const { sourceDigest, inputDigest, rowsRead, rowsScored } = before.ledger.run;
  await cp(before.folderOf(WEEK), week.folderOf("2026-W46"), { recursive: true });
  week.ledger.completeInputs.set("2026-W46", inputDigest);
  const { profile, contentDigest } = before.ledger.reported;
  week.ledger.earlier = {
    ...{ previousWeek: "2026-W46", previousSuppliers: rowsScored, previousProfile: profile },
    ...(rowsRead !== undefined && { previousRows: rowsRead }),
    otherInputs: [{ isoWeek: "2026-W46", sourceDigest, contentDigest }],
  };
}

const KINDS = new Map<number, string>(Object.entries(CheckKind).map(([name, number]) => [number, name.toLowerCase()]));
const failed = (error: unknown): string[] =>
  error instanceof RunHeldError
    ? error.failed.map(({ kind, column }) => `${KINDS.get(kind)} ${column}`.trim())
    : [String(error)];

/** Multiplies the delay of each row. */
const delayTimes = (csv: string, factor: number): string =>
  csv.replace(
    /^(S_\d+(?:,[\d.]+){2},)(\d+)/gm,
    (_, before: string, delay: string) => `${before}${Number(delay) * factor}`,
  );

describe("a run whose input fails a check", () => {
  test("is held before a row is scored, goes on when it is approved, and says why", async () => {
    await using week = await setUp(weekCsv(3));
    await knowEarlier(week, weekCsv(300));
    const error = await week.run().catch((cause: unknown) => cause);
    expect(failed(error)).toEqual(["rows", "suppliers", "shared_suppliers"]);
    expect(String(error)).toContain(
      "2026-W47 is held, and nothing of it is published: 3 rows, 1 % of the 300 of 2026-W46",
    );
    expect(week.ledger.run).toMatchObject({ state: RunState.HELD });
    expect([week.ledger.chunks.size, week.ledger.reported.profile.length]).toEqual([0, 9]);
    // The same file again is held without reading it.
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual([
      ...["rows", "suppliers", "shared_suppliers"],
    ]);

    week.ledger.approve();
    const { run } = await week.run();
    expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 3n });
    expect(week.ledger.reported.checks.filter(({ outcome }) => outcome === CheckOutcome.FAILED)).toHaveLength(3);
    expect(JSON.parse(await readFile(path.join(week.folderOf(WEEK), "report.json"), "utf8")).rows_scored).toBe(3);
  });

  test("is held when its supplier ids lost their leading zeros, and warns of those of a few", async () => {
    const withIds = (idOf: (i: number) => string): string =>
      weekCsv(300, { delayBy: 1 }).replace(/^S_(\d+)/gm, (_, i: string) => idOf(Number(i)));
    const padded = weekCsv(300).replace(/^S_(\d+)/gm, (_, i: string) => i.padStart(6, "0"));
    await using week = await setUp(withIds((i) => `${i}`));
    await knowEarlier(week, padded);
    const error = await week.run().catch((cause: unknown) => cause);
    expect(failed(error)).toEqual(["shared_suppliers"]);
    expect(String(error)).toContain(
      "0 of the 300 suppliers of 2026-W46 are in the input, 0 % (limit: 70 %); 300 missing ids differ from new ids only in leading zeros, case or spaces",
    );
    const checked = await week.check();
    expect(checked.outcome).toBe("held");
    expect(checked.notes.join("\n")).toContain('leading zeros, case or spaces: "000000" is "0", "000001" is "1"');

    await writeFile(
      week.input,
      withIds((i) => (i < 10 ? `${i}` : `${i}`.padStart(6, "0"))),
    );
    const { notes } = await week.run();
    const warning = notes.find((note) => note.includes("leading zeros"));
    expect(warning).toMatch(
      /^warning: compared with 2026-W46, 10 missing ids differ from new ids only in .* spaces\. Each.*such as lpad\(\w+, 6, '0'\)$/,
    );
  });

  test("is not compared by supplier ids with a snapshot of another revision of the week before", async () => {
    await using week = await setUp(weekCsv(300, { delayBy: 1 }).replace(/^S_/gm, "T_"));
    await knowEarlier(week, weekCsv(300));
    week.ledger.completeInputs.set("2026-W46", "0".repeat(64));
    const { checks, notes } = await week.check();
    const warning = notes.find((note) => note.includes("not compared with those of 2026-W46"));
    expect(warning).toMatch(/^warning: .* is not \S*2026-W46\S*\. .*BELLWETHER_DATA_DIR/);
    expect(checks.find(({ kind }) => kind === "shared_suppliers")).toMatchObject({
      ...{ outcome: "not_possible", detail: "the snapshot of 2026-W46 is not stored on this machine" },
    });
  });

  test("goes on with an acceptance that was given beforehand", async () => {
    await using week = await setUp(weekCsv(3));
    await knowEarlier(week, weekCsv(300));
    const { run } = await week.run("the branch was sold");
    expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 3n });
  });

  test("is held for another unit, for an empty column, for a constant one, and for the same content", async () => {
    await using week = await setUp(delayTimes(weekCsv(300), 20.4));
    await knowEarlier(week, weekCsv(300));
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual(["unit avg_payment_delay_days"]);
    await writeFile(week.input, weekCsv(300).replace(/,(north|south)$/gm, ",north"));
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual([
      ...["constant_column region", "constant_column attributes.region"],
    ]);
    await writeFile(week.input, weekCsv(300).replace(/,(north|south)$/gm, ","));
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual([
      ...["missing_column region", "missing_column attributes.region"],
    ]);
    await writeFile(week.input, weekCsv(300));
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual(["same_content"]);
    // The same rows in another order, with blanks: another file with the same content.
    const [header, ...rows] = weekCsv(300).trimEnd().split("\n");
    await writeFile(week.input, `${[header, ...rows.toReversed()].join(" \n")}\n`);
    const error = await week.run().catch((cause: unknown) => cause);
    expect(String(error)).toContain("every mapped value is the same as in 2026-W46");
  });

  test("is held for an optional column that has another name now, and a required one fails with both names", async () => {
    const renamed = weekCsv(300).replace("delivery_score,", "points_of_delivery,");
    await using week = await setUp(renamed);
    await knowEarlier(week, weekCsv(300));
    await expect(week.run()).rejects.toThrow(
      'it has no column "delivery_score"; it has "points_of_delivery", whose values are distributed like those of "delivery_score" in 2026-W46',
    );
    expect(week.ledger.run).toMatchObject({ state: RunState.FAILED, failure: expect.stringContaining("map it with") });

    const mapping = await readFile(week.folder.settings.featureMapping, "utf8");
    const optional = mapping.replaceAll("delivery_score: number", "delivery_score: { type: number, optional: true }");
    await using other = await setUp(renamed, optional);
    await knowEarlier(other, weekCsv(300));
    const error = await other.run().catch((cause: unknown) => cause);
    expect(failed(error)).toEqual(["missing_column delivery_score", "renamed_column delivery_score"]);
    expect(String(error)).toContain(
      'delivery_score: the file has no column "delivery_score"; it is likely "points_of_delivery" now',
    );
    expect(await other.check()).toMatchObject({ outcome: "held" });
    await expect(week.check()).rejects.toThrow('it has no column "delivery_score"; it has "points_of_delivery"');
  });

  test("a column times 100 in 990 of 1,000 rows is held with its cause, not only with the number of rejected rows", async () => {
    const csv = weekCsv(1_000);
    const [head = "", ...lines] = csv.trimEnd().split("\n");
    const wrong = lines.map((line, i) => (i < 990 ? delayTimes(line, 1_000) : line));
    await using week = await setUp(`${head}\n${wrong.join("\n")}\n`);
    await knowEarlier(week, weekCsv(1_000, { delayBy: 5 }));
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual([
      ...["suppliers", "shared_suppliers", "rejected_rows", "unit avg_payment_delay_days"],
    ]);
  });

  test("an open quote that takes a sixteenth of the rows with it is held, with or without an earlier week", async () => {
    const lines = weekCsv(4_000).trimEnd().split("\n");
    lines[2_000] = `"${lines[2_000]}`;
    lines[2_300] = `${lines[2_300]}"`;
    await using week = await setUp(`${lines.join("\n")}\n`);
    expect(failed(await week.run().catch((cause: unknown) => cause))).toEqual(["rejected_rows"]);
  });
});

test("a first week is published, and says which checks were not possible", async () => {
  await using week = await setUp(weekCsv(300));
  const { run } = await week.run();
  expect(run.state).toBe(RunState.COMPLETE);
  const { checks, profile, contentDigest } = week.ledger.reported;
  const notPossible = checks.filter(({ outcome }) => outcome === CheckOutcome.NOT_POSSIBLE).map(({ kind }) => kind);
  expect(notPossible).toContain(CheckKind.ROWS);
  expect(notPossible).toContain(CheckKind.UNIT);
  expect(checks.find(({ kind }) => kind === CheckKind.ROWS)?.detail).toBe(
    "there is no earlier complete week of this model",
  );
  expect(profile.map(({ column }) => column)).toContain("attributes.exposure");
  expect(contentDigest).toMatch(/^[0-9a-f]{32}$/);
});
