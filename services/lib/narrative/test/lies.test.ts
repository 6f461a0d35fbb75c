import { expect, test } from "vitest";
import { checkAnswer } from "../src/check/check-answer.ts";
import { LANGUAGES } from "../src/facts/language.ts";
import { createDraw, drawFacts } from "./draw-facts.ts";
import { LIES } from "./lies.ts";
import { writeTruthful } from "./truthful-narratives.ts";

const SUPPLIER = "S-001";

test("of 200 truthful narratives in varied words, at least 190 are accepted", () => {
  const draw = createDraw(1);
  const rejected: string[] = [];
  for (let i = 0; i < 200; i++) {
    const language = LANGUAGES[i % 2] ?? "en";
    const facts = drawFacts(draw);
    const answer = writeTruthful(facts, language, draw);
    const checked = checkAnswer(JSON.stringify(answer), SUPPLIER, facts, language);
    if (!checked.accepted) rejected.push(`${checked.rejection} ${answer.sentences.map(({ text }) => text).join(" ")}`);
  }
  expect(200 - rejected.length, rejected.slice(0, 40).join("\n")).toBeGreaterThanOrEqual(190);
});

test("500 lies of more than 40 kinds are all rejected", () => {
  const draw = createDraw(2);
  const names = Object.keys(LIES);
  const accepted: string[] = [];
  const shown = new Map<string, number>();
  let rejected = 0;
  for (let i = 0; rejected + accepted.length < 500; i++) {
    expect(i).toBeLessThan(5_000);
    const name = names[i % names.length] ?? "";
    const language = draw.pick(LANGUAGES);
    const facts = drawFacts(draw);
    const truth = writeTruthful(facts, language, draw);
    // A lie counts only when the answer that it changes would be shown.
    if (!checkAnswer(JSON.stringify(truth), SUPPLIER, facts, language).accepted) continue;
    const lie = LIES[name]?.(truth, facts, language, draw);
    if (lie === undefined) continue;
    shown.set(name, (shown.get(name) ?? 0) + 1);
    const checked = checkAnswer(lie, SUPPLIER, facts, language);
    if (checked.accepted) accepted.push(`${name}: ${lie}`);
    else rejected++;
  }
  expect(accepted.join("\n")).toBe("");
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
});
