import { expect, test } from "vitest";
import { consoleCommands, parseBlocks } from "./blocks.ts";
import { differenceFrom } from "./compare-output.ts";

test.each([
  ["the same text", "a 1 b", "a 1 b\n"],
  ["a part that is left out", '{"a":1,…,"d":4}', '{"a":1,"b":2,"c":3,"d":4}\n'],
  ["the end that is left out", "first…", "first\nsecond\n"],
  ["a shortened number", '{"risk":0.604}', '{"risk":0.6041681419585837}'],
  ["another line break", '{"a":1,\n "b":2}', '{"a":1,"b":2}'],
  ["characters of regular expressions", "a.b (c)* $5", "a.b (c)* $5"],
])("%s counts as equal", (_, shown, printed) => {
  expect(differenceFrom(shown, printed)).toBe(null);
});

test.each([
  ["a number that rounds to another", '{"risk":0.604}', '{"risk":0.6047}', "0.604 is shown, 0.6047 was printed"],
  ["a whole number", "11 rows", "12 rows", "11 is shown, 12 was printed"],
  ["a number of another sign", "x 0.5", "x -0.5", "0.5 is shown, -0.5 was printed"],
  ["another word", "band high", "band low", "the text differs"],
  ["more than is shown", "one", "one two", "the text differs"],
  ["less than is shown", "one … three", "one two", "the text differs"],
])("%s does not count as equal", (_, shown, printed, difference) => {
  expect(differenceFrom(shown, printed)).toBe(difference);
});

test("a block has its page, line, language and the comments above it", () => {
  const page =
    "# A\n\n<!-- not run: it installs -->\n```bash\nnpm ci\n```\n\n<!-- needs: DATA -->\n```sh\nls\n```\n```\ntext\n```\n";
  expect(parseBlocks("a.md", page)).toEqual([
    { page: "a.md", line: 4, language: "bash", text: "npm ci", notRun: "it installs", needs: null },
    { page: "a.md", line: 9, language: "sh", text: "ls", notRun: null, needs: "DATA" },
    { page: "a.md", line: 12, language: "", text: "text", notRun: null, needs: null },
  ]);
  expect(() => parseBlocks("a.md", "```bash\nls\n")).toThrow("a.md:1: the code block is not closed");
});

test("a console block is split into commands, each with its shown output", () => {
  expect(consoleCommands("$ a \\\n  b\nout\n$ c")).toEqual([
    { command: "a \\\n  b", output: "out\n" },
    { command: "c", output: "" },
  ]);
});
