import { randomBytes } from "node:crypto";
import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { RunDecisionSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { InputReport } from "../src/domain/check-input-file.ts";
import { createWeeklyRunner, type WeeklySettings } from "../src/setup/create-weekly-runner.ts";
import { type LedgerServer, startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const WEEK = "2026-W47";
const NEVER = new AbortController().signal;
/** Nothing listens on this port. */
const AWAY = "http://127.0.0.1:1";

let registry = "";
let ml: ServiceProcess;
let ledger: LedgerServer;
let folder: Awaited<ReturnType<typeof weeklyFolder>>;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-check-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
  ledger = await startLedger();
  folder = await weeklyFolder();
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await ledger?.[Symbol.asyncDispose]();
  await ml?.[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

/** Checks an input. Nothing of it may stay in the folder of the weeks. */
async function check(
  input: string,
  settings: Partial<WeeklySettings> = {},
  { week = WEEK, isForced = false } = {},
): Promise<InputReport> {
  const paths = { ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url };
  using runner = await createWeeklyRunner({ ...paths, ...settings });
  try {
    return await runner.check(week, input, NEVER, { isForced });
  } finally {
    expect((await readdir(folder.settings.weeksFolder)).filter((name) => name.startsWith(".check"))).toEqual([]);
  }
}

/** Writes a file that is old enough to be whole. */
async function settled(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(folder.at(name), content);
  await utimes(folder.at(name), 1_000, 1_000);
  return folder.at(name);
}

test("a file that grows while it is looked at is not whole yet, and nothing else is said of it", async () => {
  const input = folder.at("growing.csv");
  await writeFile(input, weekCsv(20));
  let rows = 20;
  const writer = setInterval(() => void appendFile(input, `S_${rows++},1,0.5,3,70,north\n`), 20);
  const found = await check(input);
  clearInterval(writer);
  expect(found).toMatchObject({ outcome: "not_whole", suppliers: null, checks: [], failures: [] });
  expect(found.reason).toBe(`${input} has changed while it was looked at`);
});

test("a compressed file that is still written is not whole yet, and not damaged", async () => {
  const input = folder.at("growing.csv.gz");
  const whole = gzipSync(Buffer.concat([Buffer.from(weekCsv(20)), randomBytes(100_000)]));
  await writeFile(input, whole.subarray(0, 1_000));
  let at = 1_000;
  const writer = setInterval(() => {
    void appendFile(input, whole.subarray(at, at + 10));
    at += 10;
  }, 20);
  const found = await check(input);
  clearInterval(writer);
  expect(found).toMatchObject({ outcome: "not_whole" });
});

test("a file that goes while it is looked at was there, and is gone", async () => {
  const input = await settled("going.csv", weekCsv(20));
  const gone = setTimeout(() => void rm(input), 30);
  const found = await check(input).catch((error: unknown) => error);
  clearTimeout(gone);
  // Before the first look, it does not exist.
  expect(found instanceof Error ? found.message : (found as InputReport).reason).toMatch(
    /was there and is gone now|does not exist or cannot be read/,
  );
});

test("with a marker, a file without it is not whole yet", async () => {
  const input = await settled("marked.csv", weekCsv(20));
  const without = await check(input, { inputMarker: "done" });
  expect(without).toMatchObject({ outcome: "not_whole", reason: "marked.csv is there, but marked.csv.done is not" });
  await writeFile(`${input}.done`, "");
  expect(await check(input, { inputMarker: "done" })).toMatchObject({ outcome: "published", reason: "" });
});

test("without ops-service, the checks that need earlier weeks are named, and the others are done", async () => {
  const fine = await check(await settled("fine.csv", weekCsv(20)), { opsUrl: AWAY });
  expect(fine).toMatchObject({ outcome: "not_compared", suppliers: 20, comparedWith: null, failures: [] });
  expect(fine.reason).toBe("ops-service does not answer (connect ECONNREFUSED 127.0.0.1:1)");
  const possible = fine.checks.filter(({ outcome }) => outcome !== "not_possible").map(({ kind }) => kind);
  expect(possible).toEqual(["rejected_rows", "renamed_column"]);
  for (const one of fine.checks.filter(({ outcome }) => outcome === "not_possible"))
    expect(one.detail).toBe(`the earlier weeks are not known: ${fine.reason}`);
  // What is wrong with the file itself is known all the same.
  const broken = await check(await settled("broken.csv", weekCsv(100, { broken: 40 })), { opsUrl: AWAY });
  expect(broken).toMatchObject({ outcome: "held", rowsRejected: 40 });
});

test("a complete week is not called one that a run would publish: the same input does nothing, another one fails", async () => {
  const input = await settled("complete.csv", weekCsv(20));
  Object.assign(ledger.run, { isoWeek: WEEK, state: RunState.COMPLETE });
  try {
    // Inputs that were not recorded are not compared.
    expect(await check(input)).toMatchObject({ outcome: "complete", failures: [], suppliers: 20 });
    ledger.run.sourceDigest = "b".repeat(64);
    const other = await check(input);
    expect(other).toMatchObject({ outcome: "failed", failures: [expect.stringContaining(WEEK)] });
    expect(other.failures[0]).toContain("weekly supersede");
    ledger.run.supersedeRequested = create(RunDecisionSchema, { actor: "a", reason: "b" });
    expect(await check(input)).toMatchObject({ outcome: "published", failures: [] });
  } finally {
    Object.assign(ledger.run, {
      isoWeek: "",
      state: RunState.RUNNING,
      sourceDigest: "",
      supersedeRequested: undefined,
    });
  }
});

test("rejected rows that repeat an earlier row are counted wherever rejected rows are", async () => {
  const csv = weekCsv(100, { broken: 40 });
  const input = await settled("repeated.csv", `${csv}${csv.trimEnd().split("\n").at(-1)}\n`);
  const found = await check(input);
  expect(found).toMatchObject({ outcome: "held", rowsRejected: 41 });
  expect(found.notes).toContain(
    "1 of the 41 rejected rows repeats an earlier row exactly; the limits of rejected rows do not count it",
  );
  expect(found.checks.find(({ kind }) => kind === "rejected_rows")?.detail).toMatch(
    /^40 rows rejected, .*, without 1 row that repeats an earlier row exactly$/,
  );
});

test("a week that has not begun, or is too old, fails as its run would; a forced week is checked", async () => {
  const input = await settled("early.csv", weekCsv(20));
  const next = newestIsoWeek(new Date(Date.now() + 7 * 86_400_000));
  const early = await check(input, {}, { week: next });
  expect(early).toMatchObject({ outcome: "failed", suppliers: 20 });
  expect(early.failures).toEqual([expect.stringContaining(`${next} has not begun`)]);
  expect(await check(input, {}, { week: next, isForced: true })).toMatchObject({ outcome: "published", failures: [] });
  const old = await check(input, {}, { week: "1970-W01" });
  expect(old).toMatchObject({ outcome: "failed", failures: [expect.stringContaining("is too old")] });
});

test("without ml-service, it is not known whether the model fits", async () => {
  const found = await check(await settled("fine.csv", weekCsv(20)), { mlUrl: AWAY });
  expect(found).toMatchObject({ outcome: "not_compared", suppliers: 20 });
  expect(found.reason).toBe("ml-service does not answer (connect ECONNREFUSED 127.0.0.1:1)");
});

const DATA = Buffer.from(weekCsv(20));
test.each<[what: string, make: (at: string) => Promise<unknown>, message: RegExp]>([
  ["a folder without the file", (at) => mkdir(at), /the file does not exist; put it there, or correct its name/],
  [
    "a link to itself",
    (at) => symlink(at, at),
    /does not exist or cannot be read; give the path of a CSV or Parquet file/,
  ],
  [
    "a folder with a link to itself",
    async (at) => {
      await mkdir(at);
      await symlink(path.join(at, "week.csv"), path.join(at, "week.csv"));
    },
    /the file does not exist; put it there, or correct its name/,
  ],
  ["a device", (at) => symlink("/dev/zero", at), /it is not a regular file/],
  [
    "junk behind gzip",
    (at) => writeFile(at, Buffer.concat([gzipSync(DATA), randomBytes(50)])),
    /damaged or incomplete gzip/,
  ],
  ["gzip cut in the middle", (at) => writeFile(at, gzipSync(DATA).subarray(0, 60)), /damaged or incomplete gzip data/],
  [
    "junk behind zstandard",
    (at) => writeFile(at, Buffer.concat([zstdCompressSync(DATA), Buffer.from("junk")])),
    /damaged or incomplete zstandard data/,
  ],
  ["zstandard cut in the middle", (at) => writeFile(at, zstdCompressSync(DATA).subarray(0, 60)), /zstandard data/],
])("%s is an error of one line that names it", async (what, make, message) => {
  const input = folder.at(`${what.replaceAll(" ", "-")}.csv`);
  await make(input);
  const error = await check(input).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain("\n");
});

// Root may read every file, so only another user can see it.
if (process.getuid?.() !== 0)
  test("a file without permission is an error", async () => {
    const input = await settled("private.csv", weekCsv(3));
    await chmod(input, 0o000);
    await expect(check(input)).rejects.toThrow("this user has no right to it (EACCES)");
  });

test("suppliers without a score are counted, with the reason", async () => {
  const input = await settled("unscored.csv", `${weekCsv(20)}S_a,,,,,\nS_b,1,,,,\n`);
  const found = await check(input);
  expect(found).toMatchObject({ outcome: "published", suppliers: 22, suppliersWithoutScore: 2 });
  expect(found.notes).toContainEqual(
    expect.stringMatching(/^no score for 2 suppliers with fewer than 2 of 5 features known; most often missing: /),
  );
  expect(await check(await settled("fine.csv", weekCsv(20)))).toMatchObject({ suppliersWithoutScore: 0 });
  expect(await check(input, { mlUrl: AWAY })).toMatchObject({ suppliersWithoutScore: null });
});

test("supplier ids that differ only in case or leading zeros are a warning", async () => {
  const found = await check(await settled("similar.csv", `${weekCsv(20)}s_1,1,0.5,3,70,north\n`));
  expect(found).toMatchObject({ outcome: "published", suppliers: 21 });
  expect(found.notes).toContainEqual(
    expect.stringContaining(
      '2 supplier ids differ from another one only in case, spaces, leading zeros or the way accents are stored (Unicode NFC and NFD): "S_1" and "s_1"',
    ),
  );
});
