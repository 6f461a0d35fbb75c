import { expect, test } from "vitest";
import { findCycles, folderEdges } from "./import-cycles.ts";

test("a chain is not a cycle, and neither is a file that imports itself", () => {
  expect(
    findCycles([
      ["a.ts", "b.ts"],
      ["b.ts", "c.ts"],
      ["a.ts", "c.ts"],
      ["c.ts", "c.ts"],
    ]),
  ).toEqual([]);
});

test("two cycles are two groups, without the files that only import them", () => {
  expect(
    findCycles([
      ["main.ts", "b.ts"],
      ["b.ts", "a.ts"],
      ["a.ts", "b.ts"],
      ["d.ts", "f.ts"],
      ["f.ts", "e.ts"],
      ["e.ts", "d.ts"],
      ["e.ts", "g.ts"],
    ]),
  ).toEqual([
    ["a.ts", "b.ts"],
    ["d.ts", "e.ts", "f.ts"],
  ]);
});

test("folders that import each other are a cycle even when their files are not", () => {
  const edges = [
    ["src/a/one.ts", "src/b/two.ts"],
    ["src/b/three.ts", "src/a/four.ts"],
  ] as const;
  expect(findCycles(edges)).toEqual([]);
  expect(findCycles(folderEdges(edges))).toEqual([["src/a", "src/b"]]);
});

test("an entry point is its own entry: when the folder that it imports also imports it, they are a cycle", () => {
  expect(
    findCycles(
      folderEdges([
        ["src/main.ts", "src/a/one.ts"],
        ["src/a/two.ts", "src/main.ts"],
        ["src/a/one.ts", "src/names.ts"],
      ]),
    ),
  ).toEqual([["src/a", "src/main.ts"]]);
});

test("subfolders are checked like the folders above them", () => {
  expect(
    findCycles(
      folderEdges([
        ["src/a/x/one.ts", "src/a/y/two.ts"],
        ["src/a/y/three.ts", "src/a/x/four.ts"],
      ]),
    ),
  ).toEqual([["src/a/x", "src/a/y"]]);
});
