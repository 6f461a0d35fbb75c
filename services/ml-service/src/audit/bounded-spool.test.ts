import { spawnSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { losses } from "../../test/loss-fixture.ts";
import { openEventSpool } from "./bounded-spool.ts";

let folder = "";
let { counts, lost } = losses();
beforeEach(async () => {
  ({ counts, lost } = losses());
  folder = await mkdtemp(path.join(os.tmpdir(), "audit-spool-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

/** Returns the bytes of lines with a line feed between them. */
const bytesOf = (text: string): Uint8Array => Buffer.from(`${text}\n`);

/** Reads and removes all lines of a spool. */
async function drain(spool: Awaited<ReturnType<typeof openEventSpool>>): Promise<string[]> {
  const lines: string[] = [];
  for (let segment = await spool.oldest(); segment; segment = await spool.oldest()) {
    lines.push(...segment.lines(0, segment.length));
    await segment.remove();
  }
  return lines;
}
/** Returns the id of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ["--version"]).pid;

test("lines are read in the order of writing, over many files, and leave nothing on disk", async () => {
  const spool = await openEventSpool({ folder, lost });
  const lines = Array.from({ length: 40 }, (_, i) => `${i} ${"x".repeat(100_000)}`);
  await Promise.all(lines.map((line) => spool.append(bytesOf(line))));
  const [own = ""] = await readdir(folder);
  expect((await readdir(path.join(folder, own))).length).toBeGreaterThan(3);
  expect(await drain(spool)).toEqual(lines);
  expect(await spool.oldest()).toBeNull();
  await spool[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
  expect(counts).toEqual({});
});

test("a segment that is not removed is returned again", async () => {
  await using spool = await openEventSpool({ folder, lost });
  await spool.append(bytesOf("a\nb"));
  expect((await spool.oldest())?.lines(0, 2)).toEqual(["a", "b"]);
  await spool.append(bytesOf("c"));
  const again = await spool.oldest();
  expect([again?.length, again?.lines(1, 2)]).toEqual([2, ["b"]]);
  expect(await drain(spool)).toEqual(["a", "b", "c"]);
});

test("the spool holds exactly its maximum of bytes, and reuses the space of removed lines", async () => {
  await using spool = await openEventSpool({ folder, maxBytes: 20, lost });
  expect(await spool.append(bytesOf("123456789\n123456789"))).toEqual([]);
  expect(await spool.append(bytesOf("\nx"))).toEqual([0, 1]);
  expect(counts).toEqual({});
  expect(await drain(spool)).toEqual(["123456789", "123456789"]);
  await spool.append(bytesOf("again"));
  expect(await drain(spool)).toEqual(["again"]);
});

test("lines of a killed process come before new ones; its incomplete last line is dropped and counted", async () => {
  const orphan = path.join(folder, `${deadPid()}-abcdef`);
  await mkdir(orphan);
  await writeFile(path.join(orphan, "000000000000002-000000000-x.jsonl"), "c\nhalf of a li");
  await writeFile(path.join(orphan, "000000000000001-000000000-x.jsonl"), "a\nb\n");
  await using spool = await openEventSpool({ folder, lost });
  await spool.append(bytesOf("d"));
  expect(await drain(spool)).toEqual(["a", "b", "c", "d"]);
  expect(counts).toEqual({ cut_short: 1 });
  expect((await readdir(folder)).length).toBe(1);
});

test("the maximum includes lines of a killed process", async () => {
  const orphan = path.join(folder, `${deadPid()}-abcdef`);
  await mkdir(orphan);
  await writeFile(path.join(orphan, "000000000000001-000000000-x.jsonl"), "123456789\n");
  await using spool = await openEventSpool({ folder, maxBytes: 15, lost });
  expect(await spool.append(bytesOf("1234\n5"))).toEqual([1]);
  expect(await spool.append(bytesOf("last"), true)).toEqual([]);
  expect(await drain(spool)).toEqual(["123456789", "1234", "last"]);
});

test("lines of a running process are not taken over", async () => {
  const other = path.join(folder, `${process.ppid}-abcdef`);
  await mkdir(other);
  await writeFile(path.join(other, "000000000000001-000000000-x.jsonl"), "theirs\n");
  await using spool = await openEventSpool({ folder, lost });
  expect(await spool.oldest()).toBeNull();
  expect(await readdir(other)).toHaveLength(1);
});

test("other files in the folder are not changed", async () => {
  await appendFile(path.join(folder, "notes.txt"), "mine");
  await mkdir(path.join(folder, "1-toolong"));
  await using spool = await openEventSpool({ folder, lost });
  expect(await drain(spool)).toEqual([]);
  expect((await readdir(folder)).sort()).toContain("1-toolong");
});

test("a folder that cannot be created is reported as one line", async () => {
  await writeFile(path.join(folder, "file"), "");
  await expect(openEventSpool({ folder: path.join(folder, "file", "spool"), lost })).rejects.toThrow(
    /^BELLWETHER_AUDIT_SINK: .* cannot be written \(ENOTDIR\); give another place, or set it to off$/,
  );
});
