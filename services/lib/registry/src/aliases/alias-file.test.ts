import { expect, test } from "vitest";
import { ModelCorruptError } from "../registry-error.ts";
import { type Alias, parseAliasFile } from "./alias-file.ts";

const alias = (over: object = {}): object => ({
  name: "champion",
  version: "v1",
  setAt: "2026-01-06T00:00:00.000Z",
  setBy: "ada",
  reason: "better",
  ...over,
});
const file = (over: object = {}): object => ({
  format: "bellwether.aliases/1",
  aliases: [alias()],
  champions: [alias()],
  moves: [alias()],
  ...over,
});
const parse = (content: unknown) => parseAliasFile(JSON.stringify(content), "aliases.json");

test("reads a valid file, and only the fields that an alias has", () => {
  expect(parse(file())).toEqual(file());
  expect(parse(file({ aliases: [alias({ other: 1 })], other: 2 }))).toEqual(file());
  expect(parse(file({ aliases: [] }))).toEqual(file({ aliases: [] }));
});

test("reads a file of a release that did not record moves", () => {
  expect(parse(file({ moves: undefined })).moves).toEqual([alias()]);
});

test.each<[string, unknown]>([
  ["null", null],
  ["a list", []],
  ["another format", file({ format: "bellwether.aliases/2" })],
  ["no aliases", file({ aliases: undefined })],
  ["aliases that are not a list", file({ aliases: {} })],
  ["moves that are not a list", file({ moves: "all" })],
  ["one alias twice", file({ aliases: [alias(), alias({ version: "v2" })] })],
  ["more moves than are remembered", file({ moves: Array.from({ length: 1_001 }, () => alias()) })],
])("%s is not an alias file", (_, content) => {
  expect(() => parse(content)).toThrow(ModelCorruptError);
});

test("a text that is not JSON is not an alias file", () => {
  expect(() => parseAliasFile('{"format":', "aliases.json")).toThrow(
    "aliases.json: is not JSON; put a sound one there, or remove it and set the aliases again",
  );
});

test.each<[string, unknown]>([
  ["null", null],
  ["a version", "v1"],
  ["another name", alias({ name: "production" })],
  ["a number as version", alias({ version: 1 })],
  ["a version in another folder", alias({ version: "../v1" })],
  ["a version with a leading zero", alias({ version: "v01" })],
  ["a time in words", alias({ setAt: "yesterday" })],
  ["a day without a time", alias({ setAt: "2026-01-06" })],
  ["a 30th of February", alias({ setAt: "2026-02-30T00:00:00.000Z" })],
  ["the year 0", alias({ setAt: "0000-01-06T00:00:00.000Z" })],
  ["no user who set it", alias({ setBy: undefined })],
  ["a name of 257 characters", alias({ setBy: "x".repeat(257) })],
  ["no reason", alias({ reason: null })],
  ["a reason of 1,001 characters", alias({ reason: "x".repeat(1_001) })],
])("%s is not an alias, in any part of the file", (_, entry) => {
  for (const list of ["aliases", "champions", "moves"])
    expect(() => parse(file({ [list]: [entry] }))).toThrow(`aliases.json: ${list}[0] is not an alias`);
});

test("reads the largest possible file", () => {
  const moves = Array.from({ length: 1_000 }, () =>
    alias({
      version: "v999999999",
      setBy: "x".repeat(256),
      reason: "\0".repeat(1_000),
      setAt: "9999-12-31T23:59:59.999Z",
    }),
  );
  expect(parse(file({ moves })).moves).toEqual(moves satisfies readonly object[] as readonly Alias[]);
});
