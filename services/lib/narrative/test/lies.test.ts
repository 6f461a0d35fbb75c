import { expect, test } from "vitest";
import { LANGUAGES } from "../src/facts/language.ts";
import { createNarrator, type Narrative } from "../src/generate/narrator.ts";
import { writeTemplate } from "../src/template/write-template.ts";
import { CLAIM_LIES } from "./claim-lies.ts";
import { createDraw, type Draw, drawFacts } from "./draw-facts.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { allTrueClaims } from "./true-claims.ts";

const SUPPLIER = "S-001";

/** A language model that sends the same answer again and again, and what is counted of its narratives. */
function stand(content: string) {
  const counted: Narrative[] = [];
  const { narrate } = createNarrator({
    model: { name: "m", maxAnswerTokens: 1, complete: () => Promise.resolve({ content, tokens: 1 }) },
    limits: { timeoutMs: 60_000, concurrency: 1, tokensPerMinute: 1e9, tokensPerDay: 1e9, cacheEntries: 0 },
    now: () => 0,
    record: (narrative) => counted.push(narrative),
  });
  return { narrate, counted };
}

/** An answer in which one claim is false: alone, beside true claims of its sentence, or beside other sentences. */
function answerWith(lie: unknown, trueClaims: readonly unknown[], draw: Draw): string {
  const [first, second, ...others] = draw.some(trueClaims, 5);
  const text = draw.pick(HOSTILE_TEXTS.filter(({ length }) => length < 200));
  const lying = draw.pick([[lie], [first, lie], [lie, first], [first, lie, second]]);
  const sentences = draw.pick([
    [{ claims: lying }],
    [{ claims: [first] }, { claims: lying, text }],
    [{ claims: lying }, { claims: [second, ...others], text }],
  ]);
  return JSON.stringify({ sentences });
}

test("a stand-in that lies in 500 ways of 60 kinds is caught 500 times: the narrative is the template's, and counted", async () => {
  const draw = createDraw(21);
  const names = Object.keys(CLAIM_LIES);
  const shown: string[] = [];
  const tried = new Set<string>();
  let caught = 0;
  for (let i = 0; caught + shown.length < 500; i++) {
    expect(i).toBeLessThan(10_000);
    const name = names[i % names.length] ?? "";
    const language = draw.pick(LANGUAGES);
    const facts = drawFacts(draw);
    const lie = CLAIM_LIES[name]?.(facts, draw);
    if (lie === undefined) continue;
    tried.add(name);
    const { narrate, counted } = stand(answerWith(lie, allTrueClaims(facts), draw));
    const narrative = await narrate({ supplierId: SUPPLIER, facts, language });
    const isCaught =
      narrative.source === "template" &&
      narrative.reason === "REJECTED" &&
      narrative.rejection === "CLAIMS" &&
      narrative.sentences.join("\n") === writeTemplate(SUPPLIER, facts, language).join("\n") &&
      counted.length === 1;
    if (isCaught) caught++;
    else shown.push(`${name}: ${JSON.stringify(lie)} ${narrative.sentences.join(" ")}`);
  }
  expect(shown.join("\n")).toBe("");
  expect(caught).toBe(500);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(names.filter((name) => !tried.has(name))).toEqual([]);
});

test("a lying text beside true claims is never shown: the narrative is the one without it", async () => {
  const draw = createDraw(23);
  for (const text of HOSTILE_TEXTS)
    for (const language of LANGUAGES) {
      const facts = drawFacts(draw);
      const claims = draw.some(allTrueClaims(facts), 1 + draw.below(6));
      const request = { supplierId: SUPPLIER, facts, language };
      const lying = await stand(JSON.stringify({ language, sentences: [{ claims, text }] })).narrate(request);
      const plain = await stand(JSON.stringify({ sentences: [{ claims }] })).narrate(request);
      expect(lying).toEqual(plain);
      expect(lying.source).toBe("language-model");
      const withoutClaims = await stand(JSON.stringify({ sentences: [{ text, facts: ["score"] }] })).narrate(request);
      expect(withoutClaims).toMatchObject({ source: "template", reason: "REJECTED", rejection: "CLAIMS" });
    }
});
