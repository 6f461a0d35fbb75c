import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resolveInput } from "../domain/input-file.ts";
import { type InputMarker, inputState } from "../domain/seen-input.ts";
import { createInputLook } from "./look-at-input.ts";

async function setUp(marker: InputMarker) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-look-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => path.join(folder, name);
  const look = createInputLook({ inputFolder: folder, marker, find: (input) => resolveInput(folder, input) });
  let previous: string | null = null;
  return {
    folder,
    at,
    /** Looks once and returns the state of the input, or why it is not whole. */
    async look(name = "week.csv"): Promise<string> {
      const seen = await look(name);
      const state = inputState(seen, previous);
      previous = seen.found ? seen.fingerprint : null;
      return state.kind === "whole" ? "whole" : state.reason.replaceAll(`${folder}/`, "");
    },
    /** Sets the time of change of a file, seconds since 1970. */
    age: (name: string, seconds: number) => utimes(at(name), seconds, seconds),
  };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const FIRST = /^week\.csv was seen for the first time; it is used when two looks find the same size and time$/;

test("without a marker a file is whole when two looks in a row find the same size and time", async () => {
  const { at, look, age } = await setUp("none");
  expect(await look()).toBe("week.csv does not exist");
  await writeFile(at("week.csv"), "a");
  await age("week.csv", 100);
  expect(await look()).toMatch(FIRST);
  await writeFile(at("week.csv"), "ab");
  await age("week.csv", 100);
  expect(await look()).toMatch(/^week\.csv has changed since it was last looked at/);
  await age("week.csv", 101);
  expect(await look()).toMatch(/^week\.csv has changed/);
  expect(await look()).toBe("whole");
  // Another file of the same size and time that replaces it.
  await writeFile(at("other"), "cd");
  await age("other", 101);
  await rename(at("other"), at("week.csv"));
  expect(await look()).toMatch(/^week\.csv has changed/);
  await rm(at("week.csv"));
  expect(await look()).toBe("week.csv does not exist");
});

test("a folder is whole when no file of it changes, comes or goes", async () => {
  const { at, look } = await setUp("none");
  await mkdir(at("week/part"), { recursive: true });
  await writeFile(at("week/part/1.csv"), "a");
  await look("week");
  expect(await look("week")).toBe("whole");
  await writeFile(at("week/part/2.csv"), "a");
  expect(await look("week")).toMatch(/^week has changed/);
  await rm(at("week/part/1.csv"));
  expect(await look("week")).toMatch(/^week has changed/);
  expect(await look("week")).toBe("whole");
});

test("with done, the marker must be there and not older than the file", async () => {
  const { at, look, age } = await setUp("done");
  await writeFile(at("week.csv"), "a");
  expect(await look()).toBe("week.csv is there, but week.csv.done is not");
  expect(await look()).toBe("week.csv is there, but week.csv.done is not");
  await writeFile(at("week.csv.done"), "");
  await age("week.csv", 200);
  await age("week.csv.done", 199);
  expect(await look()).toBe("week.csv.done is older than week.csv");
  await age("week.csv.done", 200);
  expect(await look()).toBe("whole");
});

test("with done, _SUCCESS marks a folder too", async () => {
  const { at, look } = await setUp("done");
  await mkdir(at("week"));
  await writeFile(at("week/1.csv"), "a");
  expect(await look("week")).toBe("week is there, but week.done or _SUCCESS is not");
  await writeFile(at("week/_SUCCESS"), "");
  expect(await look("week")).toBe("whole");
});

test("with sha256, the sum must be that of the file", async () => {
  const { at, look } = await setUp("sha256");
  await writeFile(at("week.csv"), "half");
  expect(await look()).toBe("week.csv is there, but week.csv.sha256 is not");
  await writeFile(at("week.csv.sha256"), `${sha256("whole")}  week.csv\n`);
  expect(await look()).toBe("the SHA-256 of week.csv is not that of week.csv.sha256");
  await writeFile(at("week.csv"), "whole");
  expect(await look()).toBe("whole");
  await writeFile(at("week.csv.sha256"), sha256("whole").toUpperCase());
  expect(await look()).toBe("whole");
  await writeFile(at("week.csv.sha256"), "no sum");
  expect(await look()).toBe("week.csv.sha256 is not a list of SHA-256 sums as sha256sum prints it");
});

test("with sha256, all files of a folder must be in the list and as listed", async () => {
  const { at, look } = await setUp("sha256");
  await mkdir(at("week"));
  await writeFile(at("week/1.csv"), "a");
  await writeFile(at("week/2.csv"), "b");
  const list = (...lines: string[]) => writeFile(at("week.sha256"), `${lines.join("\n")}\n`);
  await list(`${sha256("a")}  1.csv`);
  expect(await look("week")).toBe("week.sha256 has no sum of 2.csv");
  await list(`${sha256("a")}  1.csv`, `${sha256("x")} *./2.csv`);
  expect(await look("week")).toBe("the SHA-256 of 2.csv is not that of week.sha256");
  await list(`${sha256("a")}  1.csv`, `${sha256("b")} *./2.csv`, `${sha256("c")}  3.csv`);
  expect(await look("week")).toBe("3.csv of week.sha256 does not exist");
  await list(`${sha256("a")}  1.csv`, `${sha256("b")} *./2.csv`);
  expect(await look("week")).toBe("whole");
});

test("an input folder that does not exist is not an input that does not exist", async () => {
  const { folder, look } = await setUp("none");
  await rm(folder, { recursive: true });
  expect(await look()).toMatch(/^the input folder .* does not exist$/);
});

test("a file outside the input folder is not found", async () => {
  const { look } = await setUp("none");
  expect(await look("../week.csv")).toBe("../week.csv does not exist");
});

test("a look at a folder names its newest file, and one at a file names none", async () => {
  const { folder, at, age } = await setUp("none");
  await mkdir(at("week"));
  for (const [name, seconds] of [
    ["a.csv", 100],
    ["b.csv", 200],
    ["c.csv", 150],
  ] as const) {
    await writeFile(at(`week/${name}`), "a");
    await age(`week/${name}`, seconds);
  }
  const look = createInputLook({ inputFolder: folder, marker: "none", find: (input) => resolveInput(folder, input) });
  expect(await look("week")).toMatchObject({ newestFile: "b.csv", changedMs: 200_000 });
  expect(await look("week/a.csv")).not.toHaveProperty("newestFile");
});
