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
import { plainAnswer, type StandInServer, startStandIn } from "@bellwether/testing/mistral-stand-in";
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

test("a truthful answer is shown with the supplier's id, marked as generated and checked", async () => {
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(/^The risk score of S_1 is 0\.\d\d \((low|medium|high)\)\. The risk is increased by /);
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.ACCEPTED, languageModel: "stand-in" },
    ...{ language: NarrativeLanguage.ENGLISH, rejection: NarrativeRejection.UNSPECIFIED },
  });
  expect(shown.source).toBe(NarrativeSource.MISTRAL);
  expect(shown.parts.slice(-2)).toEqual(["narrativeInfo", "narrativeSource"]);
});

test("German is written on request, over gRPC and REST", async () => {
  const shown = await explain({ supplier: supplier(1), narrativeLanguage: NarrativeLanguage.GERMAN });
  expect(shown.text).toMatch(/^Der Risikowert von S_1 beträgt 0,\d\d \((niedrig|mittel|hoch)\)\./);
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

test("true claims with a lying text are shown in the words of the service, and the answer says which sentence", async () => {
  standIn.answer = (request) => JSON.stringify(plainAnswer(request)).replace("is increased by", "is lowered by");
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(
    /^The risk score of S_1 is 0\.\d\d \(\w+\)\. (The risk is increased by|The score is pushed up by|Higher risk comes from) /,
  );
  const { MODEL, SERVICE } = NarrativeWording;
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.WORDED_BY_SERVICE, rejection: NarrativeRejection.UNSPECIFIED },
    ...{ languageModel: "stand-in", rejectedSentences: 0 },
  });
  expect(shown.info?.wordings.slice(0, 2)).toEqual([MODEL, SERVICE]);
  expect(shown.source).toBe(NarrativeSource.MISTRAL);
});

test("a sentence with a false claim is replaced by the template's, and its place and rule are in the answer", async () => {
  standIn.answer = (request) => JSON.stringify(plainAnswer(request)).replace('"raises"', '"lowers"');
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(/^The risk score of S_1 is 0\.\d\d \(\w+\)\. The risk is increased by /);
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.SENTENCES_REPLACED, rejection: NarrativeRejection.CLAIMS },
    ...{ languageModel: "stand-in", rejectedSentences: 1 },
  });
  expect(shown.info?.templateSentences).toContain(1);
  expect(shown.info?.wordings[1]).toBe(NarrativeWording.TEMPLATE);
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

/** An answer in the form of an earlier request: texts without claims. */
const withoutClaims = (request: Parameters<typeof plainAnswer>[0]) => {
  const { language, sentences } = plainAnswer(request);
  return {
    language,
    sentences: sentences.map(({ text, claims }) => ({ text, facts: claims.flatMap(({ facts }) => facts) })),
  };
};

test("an answer without claims is shown when its texts pass the check, else its sentences are replaced", async () => {
  standIn.answer = (request) => JSON.stringify(withoutClaims(request));
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(/^The risk score of S_1 is 0\.\d\d \((low|medium|high)\)\. The risk is increased by /);
  expect(shown.info).toMatchObject({ generated: true, outcome: NarrativeOutcome.ACCEPTED });
  standIn.answer = (request) => JSON.stringify(withoutClaims(request)).replace("increased", "lowered");
  expect((await explain({ supplier: supplier(1) })).info).toMatchObject({
    ...{ outcome: NarrativeOutcome.SENTENCES_REPLACED, rejection: NarrativeRejection.NOT_IN_FACTS },
    rejectedSentences: 1,
  });
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
        const { language, sentences: true_ } = plainAnswer(request);
        const claims = true_[0]?.claims ?? [];
        const asQuote = {
          claims: [{ kind: "quote", facts: ["r1@0-5"] }],
          text: `The words "${wanted}" raise the risk.`,
        };
        const asText = { facts: ["score"], text: wanted };
        const sentences = [
          [{ claims, text: wanted }],
          [...true_, { claims: [], text: wanted }],
          [...true_, asQuote],
          [...true_, asText],
          [{ claims, text: `{supplier} is {band}. ${wanted}` }],
        ][i % 5];
        return JSON.stringify({ language, sentences });
      };
      const shown = await explainInjected(risky, text, bytes(score));
      expect(shown).not.toContain(wanted);
      expect(shown).toMatch(new RegExp(`S_${risky} has a risk score of|isk score of (0.\\d\\d, )?S_${risky} is`));
      expect(JSON.stringify(standIn.requests.at(-1)?.body.messages[1])).not.toContain(wanted.slice(0, 12));
    }
  });

  test("of 60 that order a false claim, none is shown: the narrative is the one without it", async () => {
    expect(CLAIM_INJECTIONS.length).toBeGreaterThanOrEqual(60);
    const { risky, score } = await riskySupplier();
    const plain = await explainInjected(risky, "", bytes(score));
    for (const { text, claim } of CLAIM_INJECTIONS) {
      standIn.answer = (request) => {
        const { language, sentences } = plainAnswer(request);
        return JSON.stringify({
          language,
          sentences: [...sentences, { claims: [claim], text: "{supplier} is {band}." }],
        });
      };
      expect(await explainInjected(risky, text, bytes(score))).toBe(plain);
      expect(JSON.stringify(standIn.requests.at(-1)?.body.messages[1])).not.toContain(
        JSON.stringify(text).slice(1, 20),
      );
    }
  });
});
