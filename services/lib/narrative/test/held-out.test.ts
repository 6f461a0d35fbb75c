import { expect, test } from "vitest";
import { checkAnswer } from "../src/check/check-answer.ts";
import { checkSentences, fillSentence } from "../src/check/check-sentences.ts";
import { createDraw } from "./draw-facts.ts";
import { factsOf, type HeldOut, readHeldOut } from "./held-out.ts";
import { LIES } from "./lies.ts";

/*
 * Truthful answers without claims about suppliers of the demo. They were written from the instructions of the language model, before
 * the check existed, and are not changed afterwards: what it does not accept stays in the files.
 */

const check = ({ supplier, answer }: HeldOut, content = JSON.stringify(answer)) =>
  checkAnswer(content, supplier, factsOf(supplier), answer.language);

/** Whether all sentences of an answer are shown, and nothing of it was replaced. */
function isWhole(heldOut: HeldOut): boolean {
  const checked = check(heldOut);
  return checked.accepted && checked.rejection === undefined;
}

/** Returns the sentences of an answer that are shown, without those of the template. */
function shownOf(heldOut: HeldOut, content?: string): string[] {
  const checked = check(heldOut, content);
  return checked.accepted
    ? checked.sentences.flatMap(({ text, wording }) => (wording === "template" ? [] : [text]))
    : [];
}

const SIXTH = readHeldOut("sixth.jsonl");
const SEVENTH = readHeldOut("seventh.jsonl");
const ALL = [...SIXTH, ...SEVENTH];

/** How answers are shown: whole, with sentences of the template, or not at all. */
function outcomes(answers: readonly HeldOut[]): { whole: number; replaced: number; template: number } {
  const counts = { whole: 0, replaced: 0, template: 0 };
  for (const heldOut of answers)
    counts[isWhole(heldOut) ? "whole" : check(heldOut).accepted ? "replaced" : "template"]++;
  return counts;
}

test.each([
  ["sixth", SIXTH, { shown: 198, whole: 125 }],
  ["seventh", SEVENTH, { shown: 94, whole: 40 }],
])("of the truthful answers in free wordings (%s), most are shown", { timeout: 120_000 }, (_, answers, least) => {
  const counts = outcomes(answers);
  expect(counts.whole + counts.replaced, JSON.stringify(counts)).toBeGreaterThanOrEqual(least.shown);
  expect(counts.whole, JSON.stringify(counts)).toBeGreaterThanOrEqual(least.whole);
});

test("no lie about a held-out answer is shown", { timeout: 240_000 }, () => {
  const draw = createDraw(3);
  const shown: string[] = [];
  let lies = 0;
  for (const heldOut of draw.some(ALL, 100)) {
    const facts = factsOf(heldOut.supplier);
    if (shownOf(heldOut).length === 0) continue;
    const { language, sentences } = heldOut.answer;
    const true_ = new Set(sentences.map(({ text }) => fillSentence(text, heldOut.supplier, facts, language)));
    for (const [name, lie] of draw.some(Object.entries(LIES), 10)) {
      const content = lie(heldOut.answer, facts, heldOut.answer.language, draw);
      if (content === undefined) continue;
      lies++;
      const false_ = shownOf(heldOut, content).filter((text) => !true_.has(text));
      if (false_.length > 0) shown.push(`${name}: ${heldOut.supplier} ${false_.join(" ")}`);
    }
  }
  expect(shown.join("\n")).toBe("");
  expect(lies).toBeGreaterThan(500);
});

/** Changes that turn a statement round: what was true of the facts is false afterwards. */
const REVERSED: readonly (readonly [RegExp, string])[] = [
  [/\braises?\b/, "lowers"],
  [/\blowers?\b/, "raises"],
  [/\b(increase|increases)\b/, "decrease"],
  [/\b(reduce|reduces)\b/, "increases"],
  [/\bup\b/, "down"],
  [/\bdown\b/, "up"],
  [/\bUpward\b/, "Downward"],
  [/\bDownward\b/, "Upward"],
  [/\badd\b/, "take away"],
  [/\bMitigating\b/, "Adverse"],
  [/\bfavourable\b/, "unfavourable"],
  [/\bunfavourable\b/, "favourable"],
  [/\bsteigt\b/, "sinkt"],
  [/\bsinkt\b/, "steigt"],
  [/\berhöhen\b/, "senken"],
  [/\bsenken\b/, "erhöhen"],
  [/\berhöht\b/, "senkt"],
  [/\bsenkt\b/, "erhöht"],
  [/\bnach oben\b/, "nach unten"],
  [/\bnach unten\b/, "nach oben"],
  [/\bfor the supplier\b/, "against the supplier"],
  [/\bsprechen für\b/, "sprechen gegen"],
  [/\bmissing\b/, "known"],
  [/\bnicht bekannt\b/, "bekannt"],
];

test("no held-out sentence with one statement turned round is shown", { timeout: 240_000 }, () => {
  const shown: string[] = [];
  const used = new Set<RegExp>();
  for (const { supplier, answer } of ALL) {
    const facts = factsOf(supplier);
    const accepted = checkSentences(answer.sentences, facts, answer.language);
    for (const [i, sentence] of answer.sentences.entries()) {
      if (!accepted[i]?.accepted) continue;
      for (const [pattern, by] of REVERSED) {
        const text = sentence.text.replace(pattern, by);
        if (text === sentence.text) continue;
        used.add(pattern);
        const turned = checkSentences(answer.sentences.with(i, { ...sentence, text }), facts, answer.language);
        if (turned[i]?.accepted) shown.push(`${sentence.text} -> ${text}`);
      }
    }
  }
  expect([...new Set(shown)].join("\n")).toBe("");
  expect(REVERSED.filter(([pattern]) => !used.has(pattern)).map(String)).toEqual([]);
});
