import { access, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLogger } from "@bellwether/telemetry/logger";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SnapshotEvent } from "../domain/old-snapshots.ts";
import { findOldSnapshots, removeSnapshots, sweepDrafts } from "../store/old-snapshots.ts";
import { removeOldSnapshots } from "./snapshot-care.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-snapshots-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const KEPT = { modelName: "supplier-risk", oldestWeek: "2026-W40", weeks: 8 };
const logger = createLogger({ name: "test", level: "silent" });
const signal = new AbortController().signal;
const weeks = ["2026-W38", "2026-W39", "2026-W40", "2026-W41"];

async function writeOld(file: string, daysAgo = 2): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, "12345");
  const then = new Date(Date.now() - daysAgo * 24 * 3_600_000);
  await utimes(file, then, then);
}
const snapshotOf = (week: string): string => path.join(root, "supplier-risk", week, "snapshot.parquet");
const left = async (): Promise<string[]> => {
  const found = await Promise.all(
    weeks.map((week) =>
      access(snapshotOf(week)).then(
        () => week,
        () => "",
      ),
    ),
  );
  return found.filter(Boolean);
};
const care = (append: (events: readonly SnapshotEvent[]) => Promise<void>) =>
  removeOldSnapshots(
    {
      ...{ logger, append, place: "here" },
      readKept: () => Promise.resolve([KEPT]),
      find: (kept) => findOldSnapshots(root, kept, Date.now()),
      remove: (model, old) => removeSnapshots(root, model, old),
    },
    signal,
  );

test("snapshots of older weeks are removed, reports are kept, and one event has the counts", async () => {
  for (const week of weeks) await writeOld(snapshotOf(week));
  await writeOld(path.join(root, "supplier-risk/2026-W38/report.json"));
  const events: SnapshotEvent[] = [];
  await care(async (sent) => void events.push(...sent));
  expect(await left()).toEqual(["2026-W40", "2026-W41"]);
  expect(await readdir(path.join(root, "supplier-risk/2026-W38"))).toEqual(["report.json"]);
  expect(events).toMatchObject([
    {
      ...{ kind: "retention.snapshots_removed", subject: "model/supplier-risk" },
      payload: { snapshots: 2, bytes: 10, snapshotWeeks: 8, oldestKeptWeek: "2026-W40", weeks: weeks.slice(0, 2) },
    },
  ]);
  await care(async () => {
    throw new Error("nothing is left to report");
  });
});

test("nothing is removed without its event, and the repeated event has the same id", async () => {
  await writeOld(snapshotOf("2026-W38"));
  const ids: string[] = [];
  const failing = async ([event]: readonly SnapshotEvent[]) => {
    ids.push(event?.eventId ?? "");
    throw new Error("ops-service does not answer");
  };
  for (let i = 0; i < 2; i++) await expect(care(failing)).rejects.toThrow("does not answer");
  expect(await left()).toEqual(["2026-W38"]);
  expect(new Set(ids).size).toBe(1);
});

test("a snapshot that was written within a day is in use", async () => {
  await writeOld(snapshotOf("2026-W38"), 0.9);
  await care(() => Promise.resolve());
  expect(await left()).toEqual(["2026-W38"]);
});

test("drafts of killed processes are removed after a day, other files are not", async () => {
  const at = (name: string): string => path.join(root, "supplier-risk/2026-W41", name);
  await writeOld(at(".report.csv.0b8f.partial"));
  await writeOld(at(".snapshot.parquet.0b8f.partial"), 0.9);
  await writeOld(at("report.csv"));
  expect(await sweepDrafts(root, Date.now())).toBe(1);
  expect((await readdir(path.dirname(at("report.csv")))).sort()).toEqual([
    ".snapshot.parquet.0b8f.partial",
    "report.csv",
  ]);
});
