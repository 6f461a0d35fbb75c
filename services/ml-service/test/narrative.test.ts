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
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createMlService } from "../src/service.ts";
import { INJECTIONS } from "./injections.ts";

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

test("a false sentence is replaced by the template's, and its place and rule are in the answer", async () => {
  standIn.answer = (request) => JSON.stringify(plainAnswer(request)).replace("increased", "lowered");
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toMatch(/^The risk score of S_1 is 0\.\d\d \(\w+\)\. The risk is increased by /);
  expect(shown.source).toBe(NarrativeSource.MISTRAL);
  expect(shown.info).toMatchObject({
    ...{ generated: true, outcome: NarrativeOutcome.SENTENCES_REPLACED, rejection: NarrativeRejection.NOT_IN_FACTS },
    ...{ languageModel: "stand-in", rejectedSentences: 1 },
  });
  expect(shown.info?.templateSentences).toContain(1);
});

test("an answer of lies is replaced by the template, and the rule that it breaks is in the answer", async () => {
  standIn.answer = (request) =>
    JSON.stringify(plainAnswer(request))
      .replace("increased", "lowered")
      .replace("lowered by", "raised by")
      .replaceAll(" is ", " is not ");
  const shown = await explain({ supplier: supplier(1) });
  expect(shown.text).toContain("S_1 has a risk score of");
  expect(shown.source).toBe(NarrativeSource.TEMPLATE);
  expect(shown.info).toMatchObject({
    ...{ generated: false, outcome: NarrativeOutcome.REJECTED, rejection: NarrativeRejection.NOT_IN_FACTS },
    languageModel: "",
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

test("of 70 instructions in contracts, none is shown, and every score is that of Predict, bit for bit", async () => {
  expect(INJECTIONS.length).toBeGreaterThanOrEqual(60);
  const bytes = (score: Parameters<typeof toBinary<typeof ScoreSchema>>[1] | undefined) =>
    score && Buffer.from(toBinary(ScoreSchema, { ...score, predictionId: "" })).toString("hex");
  // A supplier whose risk is high: some instructions want it to be low.
  let risky = 0;
  let clean = await client.predict({ supplier: supplier(risky) });
  while (clean.score?.band !== Band.HIGH) clean = await client.predict({ supplier: supplier(++risky) });
  for (const [i, { text, wanted }] of INJECTIONS.entries()) {
    const injected = supplier(risky, `${demoSupplier(risky).text} ${text}`);
    // The stand-in obeys in three ways, as if it had read the whole contract.
    standIn.answer = (request) => {
      const answer = plainAnswer(request);
      const asText = { text: wanted, facts: ["score"] };
      const asQuote = {
        text: `The words "${wanted}" in the contract raise the risk.`,
        facts: ["r1"],
      };
      const sentences = [[asText], [...answer.sentences, asText], [...answer.sentences, asQuote]][i % 3];
      return JSON.stringify({ ...answer, sentences });
    };
    const predicted = await client.predict({ supplier: injected });
    const messages = await Array.fromAsync(client.explain({ supplier: injected, withNarrative: true }));
    const base = messages.find(({ part }) => part.case === "base")?.part;
    const explained = base?.case === "base" ? base.value.score : undefined;
    expect(bytes(explained)).toBe(bytes(predicted.score));
    expect(bytes(predicted.score)).toBe(bytes(clean.score));
    const shown = messages.flatMap(({ part }) => (part.case === "narrative" ? [part.value] : [])).join(" ");
    expect(shown).not.toContain(wanted);
    expect(shown).toMatch(new RegExp(`S_${risky} has a risk score of|The risk score of S_${risky} is`));
    expect(JSON.stringify(standIn.requests.at(-1)?.body.messages[1])).not.toContain(wanted.slice(0, 12));
  }
});
