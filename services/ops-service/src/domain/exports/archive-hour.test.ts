import { expect, test } from "vitest";
import { createArchivePass } from "./archive-hour.ts";
import type { ExportCursor, ExportLog, LoggedEvent } from "./event-export.ts";

const HOUR = 3_600_000;
const event = (position: number, recordedMs: number): LoggedEvent => ({
  ...{ position, recordedMs },
  event: { id: `e${position}`, source: "s", type: "t", subject: "", time: "", sequence: position, dataJson: "{}" },
});

/** A log in memory with one cursor. */
function memoryLog(events: LoggedEvent[]) {
  let cursor: ExportCursor = { sink: "archive", stream: "audit", position: 0, plannedEnd: null, claim: 0 };
  const log: ExportLog = {
    async claim() {
      cursor = { ...cursor, claim: cursor.claim + 1 };
      return cursor;
    },
    read: async (_stream, after, limit) => events.filter(({ position }) => position > after).slice(0, limit),
    async plan({ claim }, plannedEnd) {
      if (claim !== cursor.claim) return false;
      cursor = { ...cursor, plannedEnd };
      return true;
    },
    async advance({ claim }, position) {
      if (claim !== cursor.claim) return false;
      cursor = { ...cursor, position, plannedEnd: null };
      return true;
    },
    release: async () => {},
    readBacklog: async (sink, stream) => ({ sink, stream, events: 0, oldestAgeS: 0 }),
  };
  return log;
}

/** Files in memory, by key. `store` fails as long as `isAway`. */
function memoryArchive() {
  const archive = { files: new Map<string, string[]>(), isAway: false };
  const open = async () => {
    const ids: string[] = [];
    return {
      add: async (events: readonly { readonly id: string }[]) => void ids.push(...events.map(({ id }) => id)),
      async store(key: string) {
        archive.files.set(key, ids);
        if (archive.isAway) throw new Error("away");
      },
      async [Symbol.asyncDispose]() {},
    };
  };
  return { archive, open };
}
const { signal } = new AbortController();

test("each hour that has ended is one file, and the present hour waits", async () => {
  const log = memoryLog([event(1, 0), event(2, HOUR - 1), event(3, HOUR), event(4, 2 * HOUR)]);
  const { archive, open } = memoryArchive();
  let nowMs = HOUR + 119_999;
  const pass = createArchivePass(log, open, () => nowMs);
  expect(await pass("audit", signal)).toBe(false);
  nowMs = 2 * HOUR + 120_000;
  expect([await pass("audit", signal), await pass("audit", signal), await pass("audit", signal)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([...archive.files]).toEqual([
    ["audit/date=1970-01-01/hour=00/00000000000000000001-00000000000000000002.parquet", ["e1", "e2"]],
    ["audit/date=1970-01-01/hour=01/00000000000000000003-00000000000000000003.parquet", ["e3"]],
  ]);
});

test("after a failure between file and cursor, the same file is written again, without events that came late", async () => {
  const events = [event(1, 0), event(2, 10)];
  const log = memoryLog(events);
  const { archive, open } = memoryArchive();
  const pass = createArchivePass(log, open, () => 10 * HOUR);
  archive.isAway = true;
  await expect(pass("audit", signal)).rejects.toThrow("away");
  events.push(event(3, 20));
  archive.isAway = false;
  expect(await pass("audit", signal)).toBe(true);
  expect(await pass("audit", signal)).toBe(true);
  expect([...archive.files.values()]).toEqual([["e1", "e2"], ["e3"]]);
});

test("more events than one read are in one file", async () => {
  const { archive, open } = memoryArchive();
  const pass = createArchivePass(
    memoryLog(Array.from({ length: 2_500 }, (_, i) => event(i + 1, i))),
    open,
    () => 2 * HOUR,
  );
  expect(await pass("audit", signal)).toBe(true);
  expect([...archive.files.values()].map(({ length }) => length)).toEqual([2_500]);
});
