import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { findPages, ROOT, RUN, readBlocks } from "./blocks.ts";

const pages = findPages().map((page) => ({ page, text: readFileSync(path.join(ROOT, page), "utf8") }));

test("every link of a page leads to an existing file or folder", () => {
  const dead = pages.flatMap(({ page, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target.replace(/#.*$/, ""))
      .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(path.join(ROOT, path.dirname(page), decodeURI(target))))
      .map((target) => `${page}: ${target}`),
  );
  expect(dead).toEqual([]);
});

test("every npm script and every command that a page names exists", () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const help = spawnSync(process.execPath, ["services/cli/bellwether.js", "--help"], { cwd: ROOT, encoding: "utf8" });
  const commands = new Set([...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name));
  expect(commands).toContain("predict");
  const unknown = pages.flatMap(({ page, text }) => [
    ...[...text.matchAll(/npm run (?:--silent )?([\w:]+)\b(?! -w)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !(name in scripts))
      .map((name) => `${page}: npm run ${name}`),
    ...[...text.matchAll(/npx bellwether ([a-z]+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !commands.has(name))
      .map((name) => `${page}: npx bellwether ${name}`),
  ]);
  expect(unknown).toEqual([]);
});

test("a block with commands names its language, so that it is run or has a reason why it is not", () => {
  const silent = pages
    .flatMap(({ page }) => readBlocks(page))
    .filter(({ language }) => !RUN.some((run) => run === language) && language !== "text")
    .filter(({ text }) => /^(\$ )?(npx|npm|node|curl|kubectl|docker|python3?) /m.test(text))
    .map(({ page, line }) => `${page}:${line}`);
  expect(silent).toEqual([]);
});
