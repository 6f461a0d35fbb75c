import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type DataFolder, dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { IngestKilledError, IngestLimitError, SourceError } from "../ingest-errors.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";
import type { IngestProgress } from "../ingest-progress.ts";
import { startIngestProcess } from "./ingest-process.ts";

const WEEK = `id,delay,amount,region\ns1,1,10,EU\ns2,x,20,US\n${Array.from({ length: 50 }, (_, i) => `t${i},1,2,EU\n`).join("")}`;
/** SQL that runs for hours. */
const ENDLESS = "(select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 9)";
const ENDLESS_MAPPING = SMALL_MAPPING.replace(
  "source: { file: week.csv, columns: { id: text, delay: number, amount: number, region: text } }\n  rows:\n    supplier_id: id\n    features: [delay, amount]",
  `source: { file: week.csv, columns: { id: text, delay: number, amount: number, region: text } }\n  rows:\n    supplier_id: id\n    features: { delay: "delay + ${ENDLESS}", amount: amount }`,
);

async function requestOf(folder: DataFolder, limits: Partial<IngestLimits> = {}, mapping = SMALL_MAPPING) {
  const pair = await smallPair({ mapping });
  return {
    ...{ model: pair.model, mapping: pair.mapping, input: join(folder.path, "week.csv") },
    outParquet: join(folder.path, "weeks", "snapshot.parquet"),
    limits: { ...DEFAULT_LIMITS, folder: join(folder.path, "ingest"), ...limits },
  };
}

/** Files below the folder that are neither the input nor a finished snapshot. */
const leftOver = async (folder: DataFolder): Promise<string[]> =>
  (await readdir(folder.path, { recursive: true })).filter(
    (name) => !["week.csv", "ingest", "weeks", join("weeks", "snapshot.parquet")].includes(name),
  );

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("maps a file as in this process, reports progress, and leaves nothing beside the snapshot", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  await using reader = startIngestProcess();
  const steps: IngestProgress[] = [];
  const { usage, ...read } = await reader.run(await requestOf(folder), undefined, (now) => steps.push(now));
  expect(read).toMatchObject({ rows: 51, asOf: null, rejected: { count: 1, bySource: { weekly: 1 } } });
  expect(read.rejected.samples[0]).toMatchObject({ line: 3, column: "delay", text: "x" });
  expect(usage.peakRssBytes).toBeGreaterThan(2 ** 24);
  expect(steps.map(({ step }) => step)).toContain("mapping");
  expect(steps.at(-1)).toMatchObject({
    step: "writing",
    bytesRead: WEEK.length,
    bytesTotal: WEEK.length,
    rowsRead: 52,
  });
  expect(await leftOver(folder)).toEqual([]);
}, 60_000);

test("a process that is ended as soon as its result is there has stored its compiled code for the next one", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  await using cache = await dataFolder({});
  const stored = async (): Promise<number> => (await readdir(cache.path, { recursive: true })).length;
  const readOnce = async (): Promise<void> => {
    await using reader = startIngestProcess(cache.path);
    await reader.run(await requestOf(folder));
  };
  await readOnce();
  const first = await stored();
  expect(first).toBeGreaterThan(100);
  await readOnce();
  expect(await stored()).toBe(first);
}, 60_000);

test("an error keeps its class and fields, a system error its code", async () => {
  await using folder = await dataFolder({ "week.csv": "id;delay\n1;2\n" });
  await using reader = startIngestProcess();
  const failed = await reader.run(await requestOf(folder)).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(SourceError);
  expect(failed).toMatchObject({
    source: "weekly",
    file: "week.csv",
    problem: expect.stringContaining('set delimiter: ";"'),
  });
  await using other = startIngestProcess();
  await using valid = await dataFolder({ "week.csv": WEEK });
  const request = { ...(await requestOf(valid)), outParquet: join(valid.path, "week.csv", "snapshot.parquet") };
  await expect(other.run(request)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) });
}, 60_000);

test("more memory than the limit is an error that names limit and variable, and leaves no files", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  await using reader = startIngestProcess();
  const failed = await reader.run(await requestOf(folder, { maxMemoryBytes: 30 * 2 ** 20 })).catch((e: unknown) => e);
  expect(failed).toBeInstanceOf(IngestLimitError);
  expect(failed).toMatchObject({
    variable: "INGEST_MAX_MEMORY_BYTES",
    message: expect.stringMatching(
      /^reading needs \d+ MiB of memory, more than the 30 MiB \(31457280 bytes\) of INGEST_MAX_MEMORY_BYTES/,
    ),
  });
  expect(await leftOver(folder)).toEqual([]);
}, 60_000);

test("more time than the limit is an error that names limit and variable", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  await using reader = startIngestProcess();
  const request = await requestOf(folder, { loadTimeoutMs: 3_000 }, ENDLESS_MAPPING);
  await expect(reader.run(request)).rejects.toThrow(/^reading took longer than the 3 s of INGEST_TIMEOUT/);
  expect(await leftOver(folder)).toEqual([]);
}, 60_000);

/** Starts a reading that does not end, and waits until its SQL runs. */
async function startEndless(folder: DataFolder, signal?: AbortSignal) {
  const reader = startIngestProcess();
  let mapping = (): void => {};
  const isMapping = new Promise<void>((resolve) => {
    mapping = resolve;
  });
  const ended = reader
    .run(await requestOf(folder, {}, ENDLESS_MAPPING), signal, ({ step }) => step === "mapping" && mapping())
    .catch((error: unknown) => error);
  await isMapping;
  return { reader, ended };
}

test("a killed process is an error that may be tried again, and its files are removed", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const { reader, ended } = await startEndless(folder);
  expect(await readdir(join(folder.path, "ingest"))).toHaveLength(1);
  process.kill(reader.pid ?? 0, "SIGKILL");
  const error = await ended;
  expect(error).toBeInstanceOf(IngestKilledError);
  expect(String(error)).toContain("was ended by SIGKILL");
  expect(await leftOver(folder)).toEqual([]);
}, 60_000);

test("an aborted signal ends the process, and its reason is the error", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const stop = new AbortController();
  const { reader, ended } = await startEndless(folder, stop.signal);
  stop.abort(new Error("the scheduler stops"));
  expect(await ended).toMatchObject({ message: "the scheduler stops" });
  expect(isAlive(reader.pid ?? 0)).toBe(false);
  expect(await leftOver(folder)).toEqual([]);
}, 60_000);

const PARENT = (request: string) => `
import { readFile } from "node:fs/promises";
import { startIngestProcess } from ${JSON.stringify(new URL("./ingest-process.ts", import.meta.url).href)};
const reader = startIngestProcess();
await reader.run(JSON.parse(await readFile(${JSON.stringify(request)}, "utf8")), undefined, ({ step }) => {
  if (step === "mapping") console.log(reader.pid);
});`;

/** DuckDB computes it in one step, which it cannot interrupt. */
const IN_ONE_STEP = "levenshtein(repeat('ax', 200000), repeat('ab', 200000))";

test.each([
  ["that can be interrupted", ENDLESS],
  ["that cannot be interrupted", IN_ONE_STEP],
])(
  "the process ends with its parent that is killed, in a statement %s, and the next reading removes what is left",
  async (_, sql) => {
    await using folder = await dataFolder({ "week.csv": WEEK });
    const request = JSON.stringify(await requestOf(folder, {}, ENDLESS_MAPPING.replace(ENDLESS, sql)));
    await using files = await dataFolder({ "request.json": request });
    const script = PARENT(join(files.path, "request.json"));
    const parent: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout ?? parent, "data");
    const pid = Number(String(line).trim());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 30_000, interval: 50 });
    await using reader = startIngestProcess();
    await reader.run(await requestOf(folder));
    expect(await leftOver(folder)).toEqual([]);
  },
  90_000,
);

test("the process has no variables of its parent", async () => {
  await using reader = startIngestProcess();
  const names = (await readFile(`/proc/${reader.pid}/environ`, "latin1"))
    .split("\0")
    .map((entry) => entry.split("=")[0]);
  expect(
    names.filter((name) => name !== "" && name !== "NODE_CHANNEL_FD" && name !== "NODE_CHANNEL_SERIALIZATION_MODE"),
  ).toEqual(["MALLOC_ARENA_MAX"]);
});
