import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DEFAULT_DRIFT_POLICY } from "@bellwether/config/risk-policy";
import { profileWeek } from "@bellwether/drift/profile/training-profile";
import type { SnapshotSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWeekFolder } from "../store/week-folder.ts";
import { type DriftDeps, type DriftTask, measureDrift, readPreviousWeek } from "./drift.ts";
import type { WeekDrift } from "./week-drift.ts";
import type { WeekFiles } from "./weekly-ports.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-drift-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const ROWS = 400;
const delays = (by: number): Float64Array => Float64Array.from({ length: ROWS }, (_, i) => ((i * 37) % 100) + by);
const sampleOf = (delay: Float64Array, snapshotRows = ROWS): SnapshotSample => ({
  snapshotRows,
  rowNumbers: Float64Array.from({ length: delay.length }, (_, i) => i),
  supplierIds: Array.from(delay, (_, i) => `S${i}`),
  numbers: new Map([["delay", delay]]),
  categories: new Map([["region", Array.from(delay, (_, i) => (i % 2 === 0 ? "marked-north" : "marked-south"))]]),
});
const scores = delays(0).map((x) => x / 200);
const task: DriftTask = {
  ...{ scores, digest: "a".repeat(64), version: "v1", training: null },
  signal: new AbortController().signal,
};
const driftPolicy = DEFAULT_DRIFT_POLICY;
let models = 0;

const compare = async (deps: DriftDeps, files: WeekFiles, week: DriftTask): Promise<WeekDrift> =>
  measureDrift(deps, files, week, await readPreviousWeek(deps, files, week.signal));

/** Creates a model whose earlier weeks have a report, a snapshot file and the given delays. */
async function weeks(byWeek: Record<string, Float64Array>, complete: readonly string[]) {
  const model = `model${models++}`;
  const deps: DriftDeps = {
    ...{ driftPolicy, hasPolicyFile: true },
    readSample: async (parquet) => sampleOf(byWeek[path.basename(path.dirname(parquet))] ?? new Float64Array()),
    completeInput: async (week) => (complete.includes(week) ? "" : null),
  };
  const measure = async (week: string, own: Partial<DriftTask> = {}) => {
    const files = openWeekFolder(root, model, week);
    await mkdir(path.dirname(files.snapshotPath), { recursive: true });
    await writeFile(files.snapshotPath, "");
    const drift = await compare(deps, files, { ...task, ...own });
    await files.writeReport({ run_id: 1 }, "", { count: 0, chunkRows: 1 });
    return drift;
  };
  return { deps, measure, files: (week: string) => openWeekFolder(root, model, week) };
}
const alarms = ({ comparisons }: WeekDrift) =>
  comparisons.flatMap(({ feature, outcome }) => (outcome === "alarm" ? [feature] : []));

test("without references nothing is compared, and the notes say why", async () => {
  const { measure } = await weeks({ "2026-W46": delays(0) }, []);
  const { comparisons, previousWeek, notes } = await measure("2026-W46");
  expect([comparisons, previousWeek]).toEqual([[], ""]);
  expect(notes).toEqual([
    "no training profile: v1 has no distributions of its training data; nothing was compared. Import the model with --training ROWS, or train it with this release",
    "drift since the previous week not measured: no earlier week of this model is complete and has its files here",
  ]);
});

test("compares each supplier with the newest complete earlier week, and the score too", async () => {
  const byWeek = { "2026-W44": delays(500), "2026-W45": delays(0), "2026-W46": delays(300), "2026-W47": delays(20) };
  const { measure, files } = await weeks(byWeek, ["2026-W44", "2026-W45"]);
  for (const week of ["2026-W44", "2026-W45", "2026-W46"]) await measure(week);
  const drift = await measure("2026-W47", { scores: scores.map((x) => x + 0.2) });
  expect(drift.previousWeek).toBe("2026-W45");
  expect(alarms(drift)).toEqual(["risk_score", "delay"]);
  expect(drift.notes.slice(0, 3)).toEqual([
    "drift: 2 alarms in 3 comparisons with 2026-W45",
    expect.stringMatching(/^warning: drift: the risk score rose by 1\.\d\d σ since 2026-W45 \(alarm\)$/),
    expect.stringMatching(/^warning: drift: delay rose by 0\.\d\d σ since 2026-W45 \(alarm\)$/),
  ]);
  expect(drift.notes).toContain(
    "no training profile: v1 has no distributions of its training data; compared only with 2026-W45. Import the model with --training ROWS, or train it with this release",
  );
  expect(await files("2026-W47").readDrift()).toMatchObject({ previousWeek: "2026-W45", notes: drift.notes });
});

test("a week without its snapshot is compared by its distributions, without pairs; one of an earlier release not at all", async () => {
  const { measure, files } = await weeks({ "2026-W46": delays(0), "2026-W47": delays(60) }, ["2026-W46"]);
  await measure("2026-W46");
  await rm(files("2026-W46").snapshotPath);
  const drift = await measure("2026-W47");
  expect(alarms(drift)).toEqual(["delay"]);
  expect(drift.notes).toContain("drift since 2026-W46 measured without pairs of suppliers: its snapshot is not here");
  await rm(path.join(path.dirname(files("2026-W46").snapshotPath), "drift.json"));
  const { notes, previousWeek } = await measure("2026-W47");
  expect(previousWeek).toBe("");
  expect(notes).toContain("drift since 2026-W46 not measured: its snapshot and its distributions are not here");
});

test("compares with the training, and says what the training does not have", async () => {
  const { measure } = await weeks({ "2026-W46": delays(40) }, []);
  const training = profileWeek(new Map([["delay", delays(0)]]), new Map(), scores);
  const drift = await measure("2026-W46", { training });
  expect(alarms(drift)).toEqual(["delay"]);
  expect(drift.notes).toContain("drift since training not measured for region: not in its data");
});

test("says that suppliers were sampled, that there were too few, and that the policy names unknown features", async () => {
  const { deps } = await weeks({}, []);
  const policy = { ...driftPolicy, minRows: 1_000, moving: ["age"] };
  const readSample = async () => sampleOf(delays(0), 5_000);
  const files = openWeekFolder(root, "sampled", "2026-W46");
  const training = profileWeek(sampleOf(delays(0)).numbers, new Map(), null);
  const { notes } = await compare({ ...deps, driftPolicy: policy, hasPolicyFile: false, readSample }, files, {
    ...task,
    training,
  });
  expect(notes).toContain(
    "drift measured with the default limits: there is no config/risk_policy.yaml here (BELLWETHER_RISK_POLICY)",
  );
  expect(notes).toContain("drift measured on a sample of 400 of 5000 suppliers, the same ones each week");
  expect(notes).toContain(
    "drift not tested where fewer than 1000 suppliers have a value (drift.min_rows of the risk policy): delay",
  );
  expect(notes).toContain("drift.moving_features of the risk policy names features that this model does not have: age");
});

test("files of a revision that was not published are not those of the complete week", async () => {
  const { measure, deps, files } = await weeks({ "2026-W46": delays(500), "2026-W47": delays(0) }, ["2026-W46"]);
  await measure("2026-W46");
  const { digest } = task;
  const ofRevision = (published: string): DriftDeps => ({ ...deps, completeInput: async () => published });
  const previousOf = async (published: string) =>
    (await readPreviousWeek(ofRevision(published), files("2026-W47"), task.signal)).previous;
  // Without a record of its ingest, the snapshot can be of any revision; the distributions have their digest.
  expect(await previousOf(digest)).toMatchObject({ previous: null, previousProfile: expect.anything() });
  expect(await previousOf("b".repeat(64))).toBeNull();
  await writeFile(
    path.join(path.dirname(files("2026-W46").snapshotPath), "ingest.json"),
    JSON.stringify({ digest, rejected: {} }),
  );
  expect((await previousOf(digest))?.previous?.supplierIds).toHaveLength(ROWS);
  expect(await previousOf("b".repeat(64))).toBeNull();
});

test("notes contain no category", async () => {
  const { measure, deps } = await weeks({ "2026-W46": delays(0), "2026-W47": delays(0) }, ["2026-W46"]);
  await measure("2026-W46");
  const readSample: DriftDeps["readSample"] = async (parquet, ...rest) => {
    const sample = await deps.readSample(parquet, ...rest);
    const moved = parquet.includes("W47") ? sample.supplierIds.map(() => "marked-south") : undefined;
    return moved ? { ...sample, categories: new Map([["region", moved]]) } : sample;
  };
  const files = openWeekFolder(root, `model${models - 1}`, "2026-W47");
  const drift = await compare({ ...deps, readSample }, files, task);
  expect(alarms(drift)).toEqual(["region"]);
  expect(JSON.stringify(drift.notes)).not.toContain("marked");
});
