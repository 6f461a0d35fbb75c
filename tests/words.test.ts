import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createProgram } from "@bellwether/cli/program";
import type { Command } from "commander";
import { expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
/** Words that this project does not use, each with what to write instead. */
const WORDS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(path.join(ROOT, "scripts", "words.json"), "utf8"),
);
/** Generated and vendored files, fault injection (its common name), and records of past decisions. */
const EXEMPT = /^(gen|proto\/(?!bellwether\/)|tests\/faults|docs\/decisions)\//;

const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !EXEMPT.test(file));

/** Returns the words of a text in lower case: "openAdminDoor" has "open", "admin" and "door". */
const wordsOf = (text: string): string[] =>
  (text.replaceAll("REFUSED_STREAM", "").match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) =>
    word.toLowerCase(),
  );

const unwanted = (place: string, text: string): string[] =>
  wordsOf(text)
    .filter((word) => Object.hasOwn(WORDS, word))
    .map((word) => `${place}: "${word}" in ${JSON.stringify(text.trim())}; write ${WORDS[word]}`);

const unwantedInLines = (place: string, text: string): string[] =>
  text.split("\n").flatMap((line, index) => unwanted(`${place}:${index + 1}`, line));

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/**
 * Returns the code of a source, with comments, strings and regular expressions replaced by spaces. Lines stay
 * in place; the inserted expressions of a template are code.
 */
function codeOf(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  return source
    .replace(/\/\*[\s\S]*?\*\/|(^|[\s;{}(,])\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, blank)
    .replace(/(?<=[=(,:!&|?\s])\/(?![*/ ])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/g, blank)
    .replace(/`(?:[^`\\]|\\.)*`/g, (text) => text.replace(/(^`|\})(?:[^$]|\$(?!\{))*?(\$\{|`$)/g, blank));
}

/** Returns the --help text of a command and of all commands below it. */
function helpOf(command: Command): string {
  let text = "";
  command
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
    })
    .outputHelp();
  return text + command.commands.map(helpOf).join("");
}

test("file names use the words of the glossary", () => {
  expect(files.flatMap((file) => unwanted(file, file))).toEqual([]);
});

test("identifiers use the words of the glossary", () => {
  const sources = files.filter((file) => /\.tsx?$/.test(file));
  expect(sources.flatMap((file) => unwantedInLines(file, codeOf(read(file))))).toEqual([]);
});

test("contracts and their comments use the words of the glossary", () => {
  const contracts = files.filter((file) => /^proto\/bellwether\/.*\.proto$/.test(file));
  expect(contracts.flatMap((file) => unwantedInLines(file, read(file)))).toEqual([]);
});

test("every command's --help uses the words of the glossary", async () => {
  const context = { env: {}, cwd: ROOT };
  const names = (await createProgram(context, [])).commands.map((command) => command.name());
  const program = await createProgram(context, names);
  const help = helpOf(program);
  for (const name of names) expect(help).toContain(`Usage: bellwether ${name} `);
  expect(unwantedInLines("--help", help)).toEqual([]);
});
