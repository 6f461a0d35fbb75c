import { beforeEach, describe, expect, test, vi } from "vitest";
import type { NarrativeFacts } from "../src/facts/narrative-facts.ts";
import { type LanguageModel, LanguageModelError, type Prompt } from "../src/generate/language-model.ts";
import { createNarrator, type NarratorLimits } from "../src/generate/narrator.ts";

const FACTS: NarrativeFacts = {
  ...{ riskScore: 0.871, band: "high", prediction: null, missing: [] },
  reasons: [
    {
      ...{
        id: "r1",
        label: "late ratio",
        direction: "increases",
        rank: 1,
        overallRank: 1,
        value: 0.45,
        unit: "share",
        typical: 0.1,
      },
      ...{ category: "", typicalCategory: "", quotes: [] },
    },
  ],
};
const ANSWER = JSON.stringify({
  language: "en",
  sentences: [
    { text: "{supplier} has a risk score of {score}, which is {band}.", facts: ["score"] },
    { text: "{name:r1} ({value:r1}, typical {typical:r1}) increases the risk.", facts: ["r1"] },
  ],
});
const LIE = ANSWER.replace("increases", "lowers");
/** An answer to a second request about one sentence. */
const secondAnswer = (text: string): string => JSON.stringify({ language: "en", sentences: [{ text, facts: ["r1"] }] });
const LIMITS: NarratorLimits = {
  ...{ timeoutMs: 60_000, concurrency: 2, tokensPerMinute: 1e6, tokensPerDay: 1e6, cacheEntries: 10 },
};

interface ModelCall {
  readonly prompt: Prompt;
  readonly resolve: (content?: string, tokens?: number) => void;
  readonly reject: (error: unknown) => void;
}
let calls: ModelCall[] = [];
/** Answers the call at a position as soon as it is made. */
const answerCall = async (position: number, content: string): Promise<void> => {
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(position), { timeout: 30_000 });
  calls[position]?.resolve(content);
};
const clock = { ms: 0 };
const model: LanguageModel = {
  name: "m",
  maxAnswerTokens: 1_000,
  complete: (prompt, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new LanguageModelError("TIMEOUT")));
      calls.push({ prompt, resolve: (content = ANSWER, tokens = 100) => resolve({ content, tokens }), reject });
    }),
};
const narrator = (limits: Partial<NarratorLimits> = {}) => {
  const reasons: string[] = [];
  const { narrate } = createNarrator({
    ...{ model, limits: { ...LIMITS, ...limits }, now: () => clock.ms },
    record: (narrative) => reasons.push(narrative.source === "template" ? narrative.reason : "ACCEPTED"),
  });
  const ask = (score = 0.871, more: object = {}) =>
    narrate({ supplierId: "S-1", language: "en", facts: { ...FACTS, riskScore: score }, ...more });
  return { ask, reasons };
};

beforeEach(() => {
  calls = [];
  clock.ms = 0;
});

test("an accepted answer is shown with the supplier's id, and counted", async () => {
  const { ask, reasons } = narrator();
  const shown = ask();
  calls[0]?.resolve();
  expect(await shown).toEqual({
    ...{
      source: "language-model",
      modelName: "m",
      isCached: false,
      wordings: ["model", "model"],
      rejectedSentences: 0,
    },
    sentences: [
      "S-1 has a risk score of 0.87, which is high.",
      "Late ratio (0.45 share, typical 0.1 share) increases the risk.",
    ],
  });
  expect(reasons).toEqual(["ACCEPTED"]);
});

test("an id with the marks of replacements is shown as it is", async () => {
  const shown = narrator().ask(0.871, { supplierId: "$& SUPPLIER $1" });
  calls[0]?.resolve();
  expect((await shown).sentences[0]).toBe("$& SUPPLIER $1 has a risk score of 0.87, which is high.");
});

describe("sentences that fail", () => {
  test("are asked for once more with what is wrong, and the corrected ones are shown", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve(LIE);
    await answerCall(1, secondAnswer("The risk is increased by {name:r1}."));
    expect(await shown).toMatchObject({
      ...{ source: "language-model", wordings: ["model", "model"], rejectedSentences: 0, secondRequest: "WHOLE" },
      sentences: ["S-1 has a risk score of 0.87, which is high.", "The risk is increased by late ratio."],
    });
    const { answer, request } = calls[1]?.prompt.correction ?? {};
    expect(answer).toBe(LIE);
    expect(request).toContain("the direction is wrong: it increases the risk");
    expect(request).not.toContain("which is {band}");
    expect(await ask()).toMatchObject({ isCached: true, secondRequest: "WHOLE" });
    expect(calls).toHaveLength(2);
  });

  test("are replaced by the template's when the second answer is false too", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve(LIE);
    await answerCall(1, secondAnswer("{name:r1} does not raise the risk."));
    expect(await shown).toMatchObject({
      ...{ source: "language-model", rejection: "NOT_IN_FACTS", wordings: ["model", "template"], rejectedSentences: 1 },
      ...{ secondRequest: "NOTHING" },
      sentences: [
        "S-1 has a risk score of 0.87, which is high.",
        "The risk is increased by late ratio (0.45 share, typical 0.1).",
      ],
    });
    expect(calls).toHaveLength(2);
  });

  test.each([
    ["is not JSON", "no"],
    ["has other sentences", ANSWER],
  ])("are replaced by the template's when the second answer %s", async (_, second) => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve(LIE);
    await answerCall(1, second);
    expect(await shown).toMatchObject({ wordings: ["model", "template"], secondRequest: "NOTHING" });
  });

  test("are not asked for again when the budget is used up, and the first answer is shown", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_500 });
    const shown = ask();
    calls[0]?.resolve(LIE, 2_000);
    expect(await shown).toMatchObject({ wordings: ["model", "template"], secondRequest: "BUDGET" });
    expect(calls).toHaveLength(1);
  });

  test("whose second request fails or does not end in time leave the first answer", async () => {
    const { ask } = narrator({ timeoutMs: 300 });
    const shown = ask();
    calls[0]?.resolve(LIE);
    expect(await shown).toMatchObject({
      source: "language-model",
      wordings: ["model", "template"],
      secondRequest: "TIMEOUT",
    });
    const failing = ask(0.5);
    calls[2]?.resolve(LIE);
    await vi.waitFor(() => expect(calls).toHaveLength(4));
    calls[3]?.reject(new LanguageModelError("RATE_LIMITED", 429));
    expect(await failing).toMatchObject({ wordings: ["model", "template"], secondRequest: "RATE_LIMITED" });
  });

  test("a caller that cannot wait for the second answer gets the first one; the second is stored", async () => {
    const { ask } = narrator();
    const shown = ask(0.871, { waitMs: 200 });
    calls[0]?.resolve(LIE);
    expect(await shown).toMatchObject({ source: "language-model", wordings: ["model", "template"] });
    const later = ask();
    await answerCall(1, secondAnswer("The risk is increased by {name:r1}."));
    expect(await later).toMatchObject({ wordings: ["model", "model"], secondRequest: "WHOLE" });
    expect(calls).toHaveLength(2);
  });

  test("an answer without the right form is asked for once more as a whole", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.resolve("Sorry.");
    await answerCall(1, ANSWER);
    expect(await shown).toMatchObject({ source: "language-model", rejectedSentences: 0, secondRequest: "WHOLE" });
  });
});

test("two answers without a true sentence are replaced by the template, and the rule is reported", async () => {
  const { ask, reasons } = narrator();
  const shown = ask();
  const lies = LIE.replace("which is {band}", "which is fine");
  calls[0]?.resolve(lies);
  await answerCall(1, lies);
  expect(await shown).toMatchObject({ source: "template", reason: "REJECTED", rejection: "NOT_IN_FACTS" });
  expect(reasons).toEqual(["REJECTED"]);
});

describe("cache", () => {
  test("equal facts are asked for once, at the same time and later, with each supplier's own id", async () => {
    const { ask } = narrator();
    const both = Promise.all([ask(), ask(0.871, { supplierId: "S-2" })]);
    calls[0]?.resolve();
    expect((await both).map(({ sentences }) => sentences[0]?.slice(0, 3))).toEqual(["S-1", "S-2"]);
    expect(await ask(0.871, { supplierId: "S-3" })).toMatchObject({ isCached: true });
    expect(calls).toHaveLength(1);
  });

  test("other facts, another language and the next day are asked for again", async () => {
    const { ask } = narrator({ concurrency: 9 });
    const first = ask();
    calls[0]?.resolve();
    await first;
    void ask(0.5);
    void ask(0.871, { language: "de" });
    clock.ms = 86_400_000;
    void ask();
    expect(calls).toHaveLength(4);
  });

  test("a rejected answer is not asked for again for ten minutes", async () => {
    const { ask } = narrator();
    const first = ask();
    calls[0]?.resolve("no");
    await answerCall(1, "no");
    await first;
    clock.ms = 599_999;
    expect(await ask()).toMatchObject({ reason: "REJECTED", rejection: "FORM" });
    clock.ms = 600_000;
    void ask();
    expect(calls).toHaveLength(3);
  });
});

test("more calls than the limit get the template at once", async () => {
  const { ask } = narrator();
  const first = ask(0.1);
  void ask(0.2);
  expect(await ask(0.3)).toMatchObject({ reason: "BUSY" });
  calls[0]?.resolve();
  await first;
  void ask(0.3);
  expect(calls).toHaveLength(3);
});

describe("budget", () => {
  test("a call that could exceed the tokens of the minute is not made, until the next minute", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_000, concurrency: 9 });
    void ask(0.1);
    expect(await ask(0.2)).toMatchObject({ reason: "BUDGET" });
    clock.ms = 60_000;
    void ask(0.2);
    expect(calls).toHaveLength(2);
  });

  test("the tokens that a call has used replace the reserved ones", async () => {
    const { ask } = narrator({ tokensPerMinute: 3_000 });
    const first = ask(0.871);
    calls[0]?.resolve(ANSWER, 10);
    await first;
    void ask(0.2);
    expect(calls).toHaveLength(2);
  });
});

describe("failures", () => {
  test.each(["TIMEOUT", "UNAVAILABLE", "RATE_LIMITED", "MALFORMED"] as const)(
    "five of %s in a row open the circuit for 30 s, then one call is tried",
    async (failure) => {
      const { ask } = narrator();
      for (let i = 0; i < 5; i++) {
        const shown = ask(i / 10);
        calls[i]?.reject(new LanguageModelError(failure));
        expect(await shown).toMatchObject({ source: "template", reason: failure });
      }
      clock.ms = 29_999;
      expect(await ask()).toMatchObject({ reason: "CIRCUIT_OPEN" });
      clock.ms = 30_000;
      const tried = ask();
      expect(await ask(0.9)).toMatchObject({ reason: "CIRCUIT_OPEN" });
      calls[5]?.resolve();
      expect(await tried).toMatchObject({ source: "language-model" });
      void ask(0.9);
      expect(calls).toHaveLength(7);
    },
  );

  test("a rejected key opens the circuit at once, for five minutes", async () => {
    const { ask } = narrator();
    const shown = ask();
    calls[0]?.reject(new LanguageModelError("UNAUTHORIZED", 401));
    expect(await shown).toMatchObject({ reason: "UNAUTHORIZED" });
    clock.ms = 299_999;
    expect(await ask()).toMatchObject({ reason: "CIRCUIT_OPEN" });
    clock.ms = 300_000;
    void ask();
    expect(calls).toHaveLength(2);
  });

  test("an answer that does not arrive in time is a TIMEOUT of all who wait for it", async () => {
    const { ask } = narrator({ timeoutMs: 20 });
    expect(await Promise.all([ask(), ask()])).toMatchObject([{ reason: "TIMEOUT" }, { reason: "TIMEOUT" }]);
    expect(calls).toHaveLength(1);
  });

  test("an error of another kind is UNAVAILABLE", async () => {
    const shown = narrator().ask();
    calls[0]?.reject(new TypeError("x"));
    expect(await shown).toMatchObject({ reason: "UNAVAILABLE" });
  });
});

test("a caller that cannot wait gets the template; the answer is stored for the next one", async () => {
  const { ask } = narrator();
  expect(await ask(0.871, { waitMs: 1 })).toMatchObject({ reason: "TIMEOUT" });
  const second = ask();
  calls[0]?.resolve();
  expect(await second).toMatchObject({ source: "language-model" });
  expect(calls).toHaveLength(1);
});

test("a caller that ends its call gets the reason of its signal, and the call continues for others", async () => {
  const { ask } = narrator();
  const ending = new AbortController();
  const first = ask(0.871, { signal: ending.signal });
  const second = ask();
  ending.abort(new Error("ended"));
  await expect(first).rejects.toThrow("ended");
  calls[0]?.resolve();
  expect(await second).toMatchObject({ source: "language-model" });
});

test("without a score or without a model, nothing is asked", async () => {
  const { ask } = narrator();
  expect(await ask(0, { facts: { ...FACTS, riskScore: null, band: "unknown", reasons: [] } })).toMatchObject({
    ...{ reason: "NO_SCORE", sentences: ["S-1 has too little data for a score."] },
  });
  const without = createNarrator({ model: undefined, limits: LIMITS, now: () => 0 });
  expect(await without.narrate({ supplierId: "S-1", language: "de", facts: FACTS })).toMatchObject({
    reason: "NOT_CONFIGURED",
    sentences: [
      "S-1 hat einen Risikowert von 0,87 (hoch).",
      "Er wird am stärksten erhöht durch late ratio (0,45 share, typisch 0,1).",
    ],
  });
  expect(calls).toEqual([]);
});
