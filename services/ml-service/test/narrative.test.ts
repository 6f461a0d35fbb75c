import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Secret } from "@bellwether/env/secret";
import {
  type ExplainResponse,
  InferenceService,
  NarrativeSource,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  type NarrativeInfo,
  NarrativeLanguage,
  NarrativeOutcome,
  NarrativeRejection,
  NarrativeWording,
} from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { Band, ScoreSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { createNarrator } from "@bellwether/narrative/generate/narrator";
import { openMistralModel } from "@bellwether/narrative/mistral/mistral-model";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import {
  plainAnswer,
  type StandInRequest,
  type StandInServer,
  startStandIn,
} from "@bellwether/testing/mistral-stand-in";
import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createMlService } from "../src/service.ts";
import { CLAIM_INJECTIONS, INJECTIONS } from "./injections.ts";

let root = "";
let standIn: StandInServer;
let service: Awaited<ReturnType<typeof createMlService>>;
let web = "";
let client: ReturnType<typeof createClient<typeof InferenceService>>;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "ml-narrative-"));
  await publishDemoModel(root);
  standIn = await startStandIn((request) => JSON.stringify(plainAnswer(request)));
  const narrator = createNarrator({
    model: await openMistralModel({ apiKey: new Secret("key-1"), baseUrl: standIn.url, model: "stand-in" }),
    limits: { timeoutMs: 20_000, concurrency: 4, tokensPerMinute: 1e9, tokensPerDay: 1e9, cacheEntries: 0 },
    now: Date.now,
  });
  service = await createMlService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    registryRoot: root,
    defaultModel: DEMO_SPEC.name,
    pollMs: 20,
    narrator: { ...narrator, defaultLanguage: "en" },
    logger: createLogger({ name: "ml-service", level: "silent" }),
  });
  web = `http://127.0.0.1:${service.addresses.web.port}`;
  client = createClient(
    InferenceService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` }),
  );
});
afterAll(async () => {
  await service.stop();
  await standIn[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => {
  standIn.requests.length = 0;
  standIn.answer = (request) => JSON.stringify(plainAnswer(request));
});

const supplier = (i: number, contractText?: string) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: contractText ?? text };
};

interface Shown {
  readonly text: string;
  readonly info: NarrativeInfo | undefined;
  readonly source: NarrativeSource | undefined;
  readonly parts: readonly ExplainResponse["part"]["case"][];
}

async function explain(request: Parameters<typeof client.explain>[0]): Promise<Shown> {
  const messages = await Array.fromAsync(client.explain({ withNarrative: true, ...request }));
  const sentences: string[] = [];
  let info: NarrativeInfo | undefined;
  let source: NarrativeSource | undefined;
  for (const { part } of messages) {
    if (part.case === "narrative") sentences.push(part.value);
    else if (part.case === "narrativeInfo") info = part.value;
    else if (part.case === "narrativeSource") source = part.value;
  }
  return { text: sentences.join(" "), info, source, parts: messages.map(({ part }) => part.case) };
}

/** The first sentence of a narrative in English, in one of its forms. */
const SCORE_SENTENCE =
  /^(S_\d+ has a risk score of 0\.\d\d, which is (low|medium|high)|The risk score of S_\d+ is 0\.\d\d \((low|medium|high)\)|With a risk score of 0\.\d\d, S_\d+ is in the (low|medium|high) band)\. /;

test("what a truthful answer claims is shown with the supplier's id, marked as generated and checked", async () => {
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(SCORE_SENTENCE);
  expect(shown.text).toMatch(/The risk is increased by |The score is pushed up by |Higher risk comes from /);
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.ACCEPTED, languageModel: "stand-in", rejectedSentences: 0 },
    ...{ language: NarrativeLanguage.ENGLISH, rejection: NarrativeRejection.UNSPECIFIED },
  });
  expect(shown.info?.wordings.slice(0, 2)).toEqual([NarrativeWording.SERVICE, NarrativeWording.SERVICE]);
  expect(shown.source).toBe(NarrativeSource.MISTRAL);
  expect(shown.parts.slice(-2)).toEqual(["narrativeInfo", "narrativeSource"]);
});

test("German is written on request, over gRPC and REST", async () => {
  const shown = await explain({ supplier: supplier(1), narrativeLanguage: NarrativeLanguage.GERMAN });
  expect(shown.text).toMatch(/^[^.]*Risikowert [^.]*\b0,\d\d[^.]*\b(niedrig|mittel|hoch)\b[^.]*\. /);
  const { features, categories, text } = demoSupplier(1);
  const body = JSON.stringify({ supplier_id: "S_1", ...features, ...categories, contract_text: text });
  const response = await fetch(`${web}/explain?narrative_language=de`, { method: "POST", body });
  const lines = (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.flatMap(({ narrative }) => narrative ?? []).join(" ")).toBe(shown.text);
  expect(lines.at(-2)).toMatchObject({
    narrative_info: { language: "de", generated: true, outcome: "ACCEPTED", language_model: "stand-in" },
  });
});

test("another language is an error that names the parameter and the languages", async () => {
  const body = JSON.stringify({ supplier_id: "S_1" });
  const response = await fetch(`${web}/explain?narrative_language=fr`, { method: "POST", body });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('narrative_language is \\"fr\\"; expected en or de');
});

test("the request to the language model has neither the supplier's id nor a sentence of the contract", async () => {
  const { text } = demoSupplier(1);
  await explain({ supplier: { ...supplier(1), supplierId: "SECRET-ID-77" } });
  const sent = JSON.stringify(standIn.requests);
  expect(sent).not.toContain("SECRET-ID-77");
  for (const sentence of text.split(/(?<=\.) /)) expect(sent).not.toContain(sentence);
});

/** The answer to a request, with a text in each sentence. */
const withTexts = (request: StandInRequest, text: string) => ({
  ...{ language: "en", text },
  sentences: plainAnswer(request).sentences.map(({ claims }) => ({ claims, text })),
});

test.each([
  "All suppliers have a risk score of {score}, which is {band}.",
  "{name:r1} of other suppliers increases the risk.",
  "Alle Lieferanten haben einen Risikowert von {score}, das ist {band}.",
  "{name:r1} anderer Lieferanten erhöht das Risiko.",
])("a lying text beside true claims is not shown: %s", async (text) => {
  const plain = await explain({ supplier: supplier(1) });
  standIn.answer = (request) => JSON.stringify(withTexts(request, text));
  expect(await explain({ supplier: supplier(1) })).toEqual(plain);
  standIn.answer = (request) =>
    JSON.stringify({
      language: "en",
      sentences: plainAnswer(request).sentences.map(({ claims }) => ({
        ...{ facts: claims.flatMap(({ facts }) => facts), text },
      })),
    });
  const without = await explain({ supplier: supplier(1) });
  expect(without.info).toMatchObject({
    ...{ generated: false, outcome: NarrativeOutcome.REJECTED, rejection: NarrativeRejection.CLAIMS },
  });
  for (const word of ["All suppliers", "other suppliers", "Lieferanten"]) expect(without.text).not.toContain(word);
});

test("one false claim, and the whole narrative is the template's, with the rule that the answer breaks", async () => {
  standIn.answer = () => "no answer";
  const template = await explain({ supplier: supplier(1) });
  standIn.answer = (request) => JSON.stringify(plainAnswer(request)).replace('"raises"', '"lowers"');
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toBe(template.text);
  expect(shown.source).toBe(NarrativeSource.TEMPLATE);
  expect(shown.info).toMatchObject({
    ...{ generated: false, outcome: NarrativeOutcome.REJECTED, rejection: NarrativeRejection.CLAIMS },
  });
});

test("an answer that leaves the score out is completed, and the place of the added sentence is in the answer", async () => {
  standIn.answer = (request) => JSON.stringify({ sentences: plainAnswer(request).sentences.slice(1) });
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(SCORE_SENTENCE);
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.SENTENCES_REPLACED, rejection: NarrativeRejection.INCOMPLETE },
    rejectedSentences: 0,
  });
  expect(shown.info?.templateSentences[0]).toBe(0);
  expect(shown.info?.wordings[0]).toBe(NarrativeWording.TEMPLATE);
});

test("a quote is in quotation marks as a word of the contract, with the place at which the contract has it", async () => {
  standIn.answer = (request) => {
    const { reasons } = JSON.parse(request.body.messages[1]?.content ?? "{}") as {
      readonly reasons: readonly { readonly quotes?: readonly { readonly id: string }[] }[];
    };
    const facts = reasons.flatMap(({ quotes = [] }) => quotes.map(({ id }) => id));
    const quotes = facts.length === 0 ? [] : [{ claims: [{ kind: "quote", facts }] }];
    return JSON.stringify({ sentences: [...plainAnswer(request).sentences, ...quotes] });
  };
  let quoted = 0;
  for (let i = 0; i < 20; i++) {
    // Characters of two code units before the contract: places count characters.
    const contractText = `😀 ${demoSupplier(i).text}`;
    const { text, info } = await explain({ supplier: supplier(i, contractText) });
    const characters = [...contractText];
    for (const { text: word, start = -1, end = -1 } of info?.quotes ?? []) {
      quoted++;
      expect(characters.slice(start, end).join("")).toBe(word);
      expect(text).toContain(`"${word}"`);
      expect(text).toMatch(/of the contract \(|[Tt]he contract has the words? /);
    }
  }
  expect(quoted).toBeGreaterThan(10);
});

test("an answer of false claims is replaced by the template, and the rule that it breaks is in the answer", async () => {
  standIn.answer = (request) => JSON.stringify(plainAnswer(request)).replaceAll('"facts":["', '"facts":["x');
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toContain("S_1 has a risk score of");
  expect(shown.source).toBe(NarrativeSource.TEMPLATE);
  expect(shown.info).toMatchObject({
    ...{ generated: false, outcome: NarrativeOutcome.REJECTED, rejection: NarrativeRejection.CLAIMS },
    languageModel: "",
  });
  expect(new Set(shown.info?.wordings)).toEqual(new Set([NarrativeWording.TEMPLATE]));
});

test("a failing provider does not make the call fail", async () => {
  standIn.answer = (_, response) => {
    response.writeHead(500).end();
    return undefined;
  };
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.info).toMatchObject({ generated: false, outcome: NarrativeOutcome.UNAVAILABLE });
  expect(shown.text).toContain("S_1 has a risk score of");
});

test("a call whose deadline is near gets the template before the deadline", async () => {
  standIn.answer = () => undefined;
  const messages = await Array.fromAsync(
    // Other facts than in the other tests: equal facts would share this call.
    client.explain({ supplier: supplier(2), withNarrative: true }, { timeoutMs: 1_500 }),
  );
  const info = messages.find(({ part }) => part.case === "narrativeInfo")?.part.value;
  expect(info).toMatchObject({ outcome: NarrativeOutcome.TIMEOUT });
});

describe("instructions in contracts", () => {
  const bytes = (score: Parameters<typeof toBinary<typeof ScoreSchema>>[1] | undefined) =>
    score && Buffer.from(toBinary(ScoreSchema, { ...score, predictionId: "" })).toString("hex");

  /** Returns a supplier whose risk is high (some instructions want it to be low), and its score. */
  async function riskySupplier() {
    for (let risky = 0; ; risky++) {
      const { score } = await client.predict({ supplier: supplier(risky) });
      if (score?.band === Band.HIGH) return { risky, score };
    }
  }

  /** Explains a supplier with an instruction in its contract, whose score must be the one without it. */
  async function explainInjected(risky: number, text: string, clean: string | undefined): Promise<string> {
    const injected = supplier(risky, `${demoSupplier(risky).text} ${text}`);
    const predicted = await client.predict({ supplier: injected });
    const messages = await Array.fromAsync(client.explain({ supplier: injected, withNarrative: true }));
    const base = messages.find(({ part }) => part.case === "base")?.part;
    const explained = base?.case === "base" ? base.value.score : undefined;
    expect(bytes(explained)).toBe(bytes(predicted.score));
    expect(bytes(predicted.score)).toBe(clean);
    return messages.flatMap(({ part }) => (part.case === "narrative" ? [part.value] : [])).join(" ");
  }

  test("of 70 that order a text, none is shown, and every score is that of Predict, bit for bit", async () => {
    expect(INJECTIONS.length).toBeGreaterThanOrEqual(60);
    const { risky, score } = await riskySupplier();
    for (const [i, { text, wanted }] of INJECTIONS.entries()) {
      // The stand-in obeys in several ways, as if it had read the whole contract.
      standIn.answer = (request) => {
        const { sentences: true_ } = plainAnswer(request);
        const claims = true_[0]?.claims ?? [];
        const asQuote = { claims: [{ kind: "quote", facts: ["r1@0-5"] }], text: `"${wanted}" raises the risk.` };
        const sentences = [
          [{ claims, text: wanted }],
          [...true_, { claims: [], text: wanted }],
          [...true_, asQuote],
          [...true_, { facts: ["score"], text: wanted }],
          [{ claims: [{ kind: "raises", facts: [wanted] }] }],
          [{ claims: [{ kind: wanted, facts: ["score"] }], text: wanted }],
          [{ text: wanted }],
          [...true_, ...true_.map((one) => ({ ...one, text: wanted }))],
        ][i % 8];
        return JSON.stringify({ language: wanted, sentences });
      };
      const shown = await explainInjected(risky, text, bytes(score));
      expect(shown).not.toContain(wanted);
      expect(shown).toMatch(new RegExp(`S_${risky} has a risk score of|isk score of (0.\\d\\d, )?S_${risky} is`));
      expect(JSON.stringify(standIn.requests.at(-1)?.body.messages[1])).not.toContain(wanted.slice(0, 12));
    }
  });

  test("of 60 that order a false claim, none is shown: the narrative is the template's", async () => {
    expect(CLAIM_INJECTIONS.length).toBeGreaterThanOrEqual(60);
    const { risky, score } = await riskySupplier();
    standIn.answer = () => "no answer";
    const template = await explainInjected(risky, "", bytes(score));
    for (const { text, claim } of CLAIM_INJECTIONS) {
      standIn.answer = (request) => {
        const { sentences } = plainAnswer(request);
        return JSON.stringify({ sentences: [...sentences, { claims: [claim] }] });
      };
      expect(await explainInjected(risky, text, bytes(score))).toBe(template);
      expect(JSON.stringify(standIn.requests.at(-1)?.body.messages[1])).not.toContain(
        JSON.stringify(text).slice(1, 20),
      );
    }
  });
});
