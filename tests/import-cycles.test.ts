import { expect, test } from "vitest";
import { findCycles, folderEdges } from "./import-cycles.ts";

test("a chain has no cycle, an import of itself is none", () => {
  expect(
    findCycles([
      ["a.ts", "b.ts"],
      ["b.ts", "c.ts"],
      ["a.ts", "c.ts"],
      ["c.ts", "c.ts"],
    ]),
  ).toEqual([]);
});

test("two cycles are two groups, without the files that only lead to them", () => {
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

test("folders that import each other are a cycle although their files are none", () => {
  const edges = [
    ["src/a/one.ts", "src/b/two.ts"],
    ["src/b/three.ts", "src/a/four.ts"],
  ] as const;
  expect(findCycles(edges)).toEqual([]);
  expect(findCycles(folderEdges(edges))).toEqual([["src/a", "src/b"]]);
});

test("an entry point is an entry of its own: imported back by the folder it imports, it is a cycle", () => {
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

test("folders within folders are held like those above them", () => {
  expect(
    findCycles(
      folderEdges([
        ["src/a/x/one.ts", "src/a/y/two.ts"],
        ["src/a/y/three.ts", "src/a/x/four.ts"],
      ]),
    ),
  ).toEqual([["src/a/x", "src/a/y"]]);
});
