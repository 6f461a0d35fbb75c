import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const PROTO = path.resolve(import.meta.dirname, "../proto/bellwether");
const patterns = new Set(
  globSync("**/*.proto", { cwd: PROTO })
    .flatMap((file) => [
      ...readFileSync(path.join(PROTO, file), "utf8").matchAll(/pattern[:=]? ?=? ?("(?:[^"\\]|\\.)*")/g),
    ])
    .map(([, literal]) => String(JSON.parse(literal ?? '""'))),
);
/** The texts from 2026-W00 to 2026-W99. */
const WEEKS = Array.from({ length: 100 }, (_, week) => `2026-W${String(week).padStart(2, "0")}`);
/** Long texts that almost match the patterns of names, weeks, versions and digests. */
const HOSTILE = ["a", "0", "a.", "a_", "-", "a-", "2026-W", "v1.", "/a"].map((part) => `${part.repeat(60_000)}!`);

test("no pattern of the contracts backtracks with the RegExp of the JavaScript engine", () => {
  expect(patterns.size).toBeGreaterThan(3);
  for (const pattern of patterns) {
    const regExp = new RegExp(pattern, "u");
    // A pattern that backtracks would run into the time limit here.
    for (const text of HOSTILE) expect(regExp.test(text)).toBeTypeOf("boolean");
  }
});

test("every pattern of an ISO week accepts the weeks W01 to W53 and no other", () => {
  const ofWeeks = [...patterns].filter((pattern) => pattern.includes("-W"));
  expect(ofWeeks.length).toBeGreaterThan(0);
  for (const pattern of ofWeeks) {
    const regExp = new RegExp(pattern, "u");
    expect(WEEKS.filter((week) => regExp.test(week))).toEqual(WEEKS.slice(1, 54));
  }
});
