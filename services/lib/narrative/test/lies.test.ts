import { expect, test } from "vitest";
import type { Answer } from "../src/answer/read-answer.ts";
import { type CheckedAnswer, checkAnswer } from "../src/check/check-answer.ts";
import { checkSentences, fillSentence } from "../src/check/check-sentences.ts";
import { LANGUAGES, type Language } from "../src/facts/language.ts";
import type { NarrativeFacts } from "../src/facts/narrative-facts.ts";
import { createDraw, drawFacts } from "./draw-facts.ts";
import { FREE_LIES } from "./free-lies.ts";
import { LIES } from "./lies.ts";
import { writeTruthful } from "./truthful-narratives.ts";

const SUPPLIER = "S-001";

const isWhole = (checked: CheckedAnswer): boolean => checked.accepted && checked.rejection === undefined;

/** The sentences of an answer that are shown, without those of the template. */
const generated = (checked: CheckedAnswer): string[] =>
  checked.accepted ? checked.sentences.flatMap(({ text, wording }) => (wording === "template" ? [] : [text])) : [];

test("of 200 truthful answers about drawn facts, at least 190 are shown whole", () => {
  const draw = createDraw(1);
  const rejected: string[] = [];
  for (let i = 0; i < 200; i++) {
    const language = LANGUAGES[i % 2] ?? "en";
    const facts = drawFacts(draw);
    const answer = writeTruthful(facts, language, draw);
    const checked = checkAnswer(JSON.stringify(answer), SUPPLIER, facts, language);
    if (!isWhole(checked)) rejected.push(`${checked.rejection} ${answer.sentences.map(({ text }) => text).join(" ")}`);
  }
  expect(200 - rejected.length, rejected.slice(0, 40).join("\n")).toBeGreaterThanOrEqual(190);
});

/** Whether a changed answer shows a sentence that the truthful answer does not have, apart from the template's. */
function showsLie(lie: string, truth: Answer, facts: NarrativeFacts, language: Language): boolean {
  const checked = checkAnswer(lie, SUPPLIER, facts, language);
  const true_ = new Set(truth.sentences.map(({ text }) => fillSentence(text, SUPPLIER, facts, language)));
  return generated(checked).some((text) => !true_.has(text));
}

test("500 lies of more than 40 kinds are all caught: a false sentence is never shown", { timeout: 240_000 }, () => {
  const draw = createDraw(2);
  const names = Object.keys(LIES);
  const shownLies: string[] = [];
  const tried = new Map<string, number>();
  let caught = 0;
  for (let i = 0; caught + shownLies.length < 500; i++) {
    expect(i).toBeLessThan(5_000);
    const name = names[i % names.length] ?? "";
    const language = draw.pick(LANGUAGES);
    const facts = drawFacts(draw);
    const truth = writeTruthful(facts, language, draw);
    // A lie counts only when the answer that it changes would be shown.
    if (!isWhole(checkAnswer(JSON.stringify(truth), SUPPLIER, facts, language))) continue;
    const lie = LIES[name]?.(truth, facts, language, draw);
    if (lie === undefined) continue;
    tried.set(name, (tried.get(name) ?? 0) + 1);
    if (showsLie(lie, truth, facts, language)) shownLies.push(`${name}: ${lie}`);
    else caught++;
  }
  expect(shownLies.join("\n")).toBe("");
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !tried.has(name))).toEqual([]);
});

test("more than 450 kinds of lies in free wording are all caught, also behind a true sentence", {
  timeout: 240_000,
}, () => {
  const draw = createDraw(4);
  expect(FREE_LIES.length).toBeGreaterThanOrEqual(450);
  const shownLies = new Set<string>();
  const untried: string[] = [];
  for (const [i, { language, write }] of FREE_LIES.entries()) {
    let tries = 0;
    for (let attempt = 0; attempt < 300 && tries < 3; attempt++) {
      const facts = drawFacts(draw);
      const lie = write(facts);
      if (lie === undefined) continue;
      tries++;
      // Pronouns and "also" are read as the features of the sentence before.
      const before = writeTruthful(facts, language, draw).sentences;
      for (const led of [[], before, before.slice(0, 2)])
        if (checkSentences([...led, lie], facts, language).at(-1)?.accepted)
          shownLies.add(`${i}: ${lie.text} ${JSON.stringify(facts)}`);
    }
    if (tries === 0) untried.push(String(i));
  }
  expect(untried).toEqual([]);
  expect([...shownLies].join("\n")).toBe("");
});

test("a rejected sentence is replaced by the template's about its facts, and is named", () => {
  const facts = drawFacts(createDraw(11));
  const truth = writeTruthful(facts, "en", createDraw(11));
  const [kept, replaced] = truth.sentences;
  const declared = replaced?.facts ?? [];
  const lie = { ...truth, sentences: truth.sentences.with(1, { text: "All is well.", facts: declared }) };
  const checked = checkAnswer(JSON.stringify(lie), SUPPLIER, facts, "en");
  expect(checked).toMatchObject({ accepted: true, rejectedSentences: 1, rejection: "NOT_IN_FACTS" });
  if (!checked.accepted) return;
  expect(generated(checked)).toContain(kept && fillSentence(kept.text, SUPPLIER, facts, "en"));
  expect(checked.sentences.some(({ wording }) => wording === "template")).toBe(true);
  expect(checked.sentences.map(({ text }) => text).join(" ")).not.toContain("All is well");
});

test("when fewer than a third of the sentences pass, the answer is not used", () => {
  const facts = drawFacts(createDraw(12));
  const truth = writeTruthful(facts, "en", createDraw(12));
  const bad = { text: "All is well.", facts: ["r1"] };
  const third = { ...truth, sentences: truth.sentences.slice(0, 2).flatMap((one) => [one, bad, bad]) };
  expect(checkAnswer(JSON.stringify(third), SUPPLIER, facts, "en").accepted).toBe(true);
  const fewer = { ...truth, sentences: [...third.sentences, bad] };
  expect(checkAnswer(JSON.stringify(fewer), SUPPLIER, facts, "en")).toEqual({
    ...{ accepted: false, rejection: "NOT_IN_FACTS" },
  });
});
