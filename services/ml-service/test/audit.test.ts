import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type AuditSink, openAuditSink } from "../src/audit/audit-sink.ts";
import { openEventSpool } from "../src/audit/bounded-spool.ts";
import { type AuditEvent, answersDigest, scoreBits, supplierDigest } from "../src/domain/audit-event.ts";
import { createMlService } from "../src/service.ts";
import { losses } from "./loss-fixture.ts";

const SLOWLY = { timeout: 30_000, interval: 50 };
let root = "";
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "ml-audit-"));
  await publishDemoModel(root);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const logger = createLogger({ name: "ml-service", level: "silent" });
const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text };
};

/** Starts ml-service with a sink, and its clients; both are stopped at the end of the test. */
async function start(audit: AuditSink | undefined, over: Partial<Parameters<typeof createMlService>[0]> = {}) {
  const service = await createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, registryRoot: root },
    ...{ defaultModel: DEMO_SPEC.name, pollMs: 1_000, logger, audit, ...over },
  });
  onTestFinished(() => service.stop());
  const web = `http://127.0.0.1:${service.addresses.web.port}`;
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.addresses.grpc.port}` });
  const connect = createConnectTransport({ baseUrl: web, httpVersion: "1.1" });
  return {
    ...{ service, web },
    grpc: createClient(InferenceService, transport),
    connect: createClient(InferenceService, connect),
  };
}
/** Returns a sink that stores its events in memory. */
function keepingSink() {
  const { counts, lost } = losses();
  const events: AuditEvent[] = [];
  return { events, counts, record: (event: AuditEvent) => void events.push(event), lost, stop: async () => {} };
}
const failed = (call: Promise<unknown>) =>
  call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (error: unknown) => ConnectError.from(error).code,
  );
/** Starts a server that accepts connections and never answers. */
async function hangingServer(): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => void sockets.add(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}
async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ml-audit-out-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a score is recorded on every listener with the model that computed it, and without the text of the request", async () => {
  const sink = keepingSink();
  const { grpc, connect, web } = await start(sink);
  const { score } = await grpc.predict({ supplier: supplier(1) });
  await connect.predict({ supplier: supplier(1) });
  const { features, categories, text } = demoSupplier(1);
  const flat = JSON.stringify({ supplier_id: "S_1", ...features, ...categories, contract_text: text });
  await (await fetch(`${web}/predict`, { method: "POST", body: flat })).json();
  expect(sink.events.map(({ payload }) => payload.protocol)).toEqual(["grpc", "connect", "http"]);
  expect(new Set(sink.events.map(({ eventId }) => eventId)).size).toBe(3);
  expect(sink.events[0]).toMatchObject({
    kind: "prediction.served",
    actor: "anonymous",
    subject: "S_1",
    payload: {
      rpc: "bellwether.inference.v1.InferenceService/Predict",
      code: "OK",
      prediction_id: score?.predictionId,
      input_sha256: supplierDigest(supplier(1)),
      risk_score: score?.riskScore,
      risk_score_bits: scoreBits(score?.riskScore ?? Number.NaN),
      model: { version: "v1", model_digest: score?.model?.modelDigest, config_hash: score?.model?.configHash },
    },
  });
  for (const { payload } of sink.events) {
    expect(payload.input_sha256).toBe(supplierDigest(supplier(1)));
    expect(JSON.stringify(payload)).not.toContain(text.slice(0, 20));
    expect(Object.keys(payload)).not.toContain("features");
  }
});

test("an explained change is one event with both scores and the digests of both inputs; ExplainModel is not recorded", async () => {
  const sink = keepingSink();
  const { grpc } = await start(sink);
  const model = { modelVersion: "v1" };
  const answer = await grpc.explainChange({
    before: { supplier: supplier(1), model },
    after: { supplier: supplier(2), model },
  });
  await grpc.explainModel({});
  expect(sink.events).toMatchObject([
    {
      kind: "explanation.served",
      subject: "S_2",
      payload: {
        rpc: "bellwether.inference.v1.InferenceService/ExplainChange",
        before: { asked_model: { version: "v1" }, input_sha256: supplierDigest(supplier(1)) },
        after: { input_sha256: supplierDigest(supplier(2)) },
        before_score: { prediction_id: answer.before?.predictionId, risk_score: answer.before?.riskScore },
        after_score: { model: { version: "v1" }, risk_score: answer.after?.riskScore },
      },
    },
  ]);
  expect(JSON.stringify(sink.events)).not.toContain("contribution");
});

test("the digest of an input covers its term weights", () => {
  const sent = { ...supplier(1), contractText: "" };
  expect(supplierDigest({ ...sent, termWeights: {} })).toBe(supplierDigest(sent));
  expect(supplierDigest({ ...sent, termWeights: { late: 1 } })).not.toBe(supplierDigest(sent));
});

test("a batch is one event over all its rows", async () => {
  const sink = keepingSink();
  const { grpc } = await start(sink);
  const request = {
    supplierIds: ["a", "b"],
    featureNames: [...DEMO_FEATURES],
    values: new Uint8Array(new Float32Array(DEMO_FEATURES.flatMap((_, c) => [1, c === 0 ? -5 : 2])).buffer),
  };
  const { riskScores, bands } = await grpc.predictBatch(request);
  expect(sink.events).toMatchObject([
    {
      kind: "batch.served",
      subject: "",
      payload: { rows: 2, faulty_rows: 1, answers_sha256: answersDigest(["a", "b"], riskScores, bands), code: "OK" },
    },
  ]);
  await grpc.predictBatch(request);
  expect(sink.events[1]?.payload.input_sha256).toBe(sink.events[0]?.payload.input_sha256);
});

test("an explanation is recorded with its score, even when the client cancels the stream early", async () => {
  const sink = keepingSink();
  const { grpc } = await start(sink);
  const parts = await Array.fromAsync(grpc.explain({ supplier: supplier(2), withNarrative: true }));
  const base = parts.find(({ part }) => part.case === "base")?.part.value;
  const predictionId = typeof base === "object" && "score" in base ? base.score?.predictionId : undefined;
  expect(sink.events).toMatchObject([
    { kind: "explanation.served", subject: "S_2", payload: { prediction_id: predictionId, code: "OK" } },
  ]);
  const leaving = new AbortController();
  const reading = async (): Promise<void> => {
    for await (const _ of grpc.explain({ supplier: supplier(2) }, { signal: leaving.signal })) leaving.abort();
  };
  await failed(reading());
  await vi.waitFor(() => expect(sink.events).toHaveLength(2));
  expect(sink.events[1]?.kind).toBe("explanation.served");
});

test("rejected calls are recorded with code and reason, both from policies and from handlers", async () => {
  const sink = keepingSink();
  const { grpc, web } = await start(sink);
  await failed(grpc.predict({ supplier: { ...supplier(1), features: { past_dispute: Number.NaN } } }));
  await failed(grpc.predict({ supplier: { ...supplier(1), supplierId: "x".repeat(300) } }));
  await failed(grpc.predict({ supplier: supplier(1), model: { modelName: "nobody", modelVersion: "" } }));
  await failed(grpc.predictBatch({ supplierIds: ["a"], featureNames: ["past_disputes"], values: new Uint8Array(3) }));
  expect((await fetch(`${web}/predict`, { method: "POST", body: "{" })).status).toBe(400);
  expect(sink.events.map(({ kind }) => kind)).toEqual(Array(5).fill("call.refused"));
  expect(sink.events.map(({ subject }) => subject)).toEqual(["S_1", "x".repeat(256), "S_1", "", ""]);
  expect(sink.events.map(({ payload }) => payload.reason)).toEqual([
    "FEATURE_UNKNOWN",
    "INVALID_REQUEST",
    "MODEL_NOT_FOUND",
    "BATCH_SHAPE",
    "MALFORMED_JSON",
  ]);
  expect(sink.events[2]?.payload.asked_model).toEqual({ name: "nobody", version: "" });
  expect(sink.counts).toEqual({});
});

test("calls that are rejected before their caller is known become one event per reason, and displace no other event", async () => {
  const sink = keepingSink();
  const { grpc, connect, service, web } = await start(sink, { auth: { identities: {} } });
  for (let i = 0; i < 50; i++) await failed(grpc.predict({ supplier: supplier(1) }));
  await failed(
    connect
      .explain({ supplier: supplier(1) })
      [Symbol.asyncIterator]()
      .next(),
  );
  expect((await fetch(`${web}/predict`, { method: "POST", body: "{" })).status).toBe(401);
  expect(sink.events).toEqual([]);
  await service.stop();
  expect(sink.events).toMatchObject([
    {
      kind: "calls.refused",
      actor: "unauthenticated",
      subject: "",
      payload: {
        code: "UNAUTHENTICATED",
        reason: "CREDENTIALS_MISSING",
        calls: 52,
        rpcs: {
          "bellwether.inference.v1.InferenceService/Predict": 51,
          "bellwether.inference.v1.InferenceService/Explain": 1,
        },
      },
    },
  ]);
  expect(sink.counts).toEqual({});
});

test("a call that is rejected for its role is recorded as a single event, with its caller", async () => {
  const sink = keepingSink();
  const folder = await tempFolder();
  const { privateKeyFile, publicKeysFile } = await createLocalKeys(path.join(folder, "keys"));
  const tokens = {
    keys: { file: publicKeysFile },
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    rolesClaim: "roles",
  };
  const { grpc } = await start(sink, { auth: { tokens, identities: {} } });
  const authorization = `Bearer ${await issueToken(privateKeyFile, { subject: "ada", roles: [], lifetimeS: 60 })}`;
  await failed(grpc.predict({ supplier: supplier(1) }, { headers: { authorization } }));
  expect(sink.events).toMatchObject([{ kind: "call.refused", actor: "ada", payload: { reason: "ROLE_MISSING" } }]);
});

test("reads of the registry and health checks are not recorded", async () => {
  const sink = keepingSink();
  const { service } = await start(sink);
  await fetch(`http://127.0.0.1:${service.addresses.admin.port}/readyz`);
  await fetch(
    `http://127.0.0.1:${service.addresses.web.port}/bellwether.registry.v1.ModelRegistryService/ListAliases`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    },
  );
  expect(sink.events).toEqual([]);
});

test("calls are answered while ops-service accepts connections and never answers, and a stop takes at most 2 s", async () => {
  const spoolFolder = await tempFolder();
  const { counts, lost } = losses();
  const audit = await openAuditSink({ sink: "ops", ops: { url: await hangingServer() }, spoolFolder, logger, lost });
  const { grpc, service } = await start(audit);
  for (let i = 0; i < 200; i++) {
    const { score } = await grpc.predict({ supplier: supplier(i) });
    expect(score?.riskScore).toBeTypeOf("number");
  }
  const began = performance.now();
  await service.stop();
  expect(performance.now() - began).toBeLessThan(3_500);
  expect(counts).toEqual({});
  await using left = await openEventSpool({ folder: spoolFolder, lost });
  let lines = 0;
  for (let segment = await left.oldest(); segment; segment = await left.oldest()) {
    lines += segment.length;
    await segment.remove();
  }
  expect(lines).toBe(200);
});

test("the file sink appends one line of JSON for every call", async () => {
  const file = path.join(await tempFolder(), "audit.jsonl");
  const options = { sink: `file:${file}`, ops: { url: "http://127.0.0.1:1" }, spoolFolder: "", logger };
  for (let times = 1; times <= 2; times++) {
    const { grpc, service } = await start(await openAuditSink(options));
    const { score } = await grpc.predict({ supplier: supplier(times) });
    await service.stop();
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(times);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      kind: "prediction.served",
      subject: `S_${times}`,
      payload: { prediction_id: score?.predictionId },
    });
  }
});

test("on a full disk, events are dropped and counted, and all calls are answered", async () => {
  const { counts, lost } = losses();
  const audit = await openAuditSink({
    ...{ sink: "file:/dev/full", ops: { url: "http://127.0.0.1:1" }, spoolFolder: "", logger, lost },
  });
  const { grpc, service } = await start(audit);
  expect((await grpc.predict({ supplier: supplier(1) })).score?.riskScore).toBeTypeOf("number");
  await service.stop();
  expect(counts).toEqual({ write_failed: 1 });
});

test("a file that cannot be written is reported as one line at the start", async () => {
  const options = { ops: { url: "http://127.0.0.1:1" }, spoolFolder: "", logger };
  await expect(openAuditSink({ ...options, sink: "file:/dev/null/audit.jsonl" })).rejects.toThrow(
    /^BELLWETHER_AUDIT_SINK: \/dev\/null\/audit.jsonl cannot be written \(ENOTDIR\)/,
  );
  expect(await openAuditSink({ ...options, sink: "off" })).toBeUndefined();
});

test("a sink that hangs or drops events does not hold up another one, and each has all sequences or a gap event", async () => {
  const folder = await tempFolder();
  const file = path.join(folder, "audit.jsonl");
  const { counts, lost } = losses();
  const own = path.join(import.meta.dirname, "own-sink.ts");
  process.env.OWN_SINK_FILE = path.join(folder, "own.jsonl");
  onTestFinished(() => void delete process.env.OWN_SINK_FILE);
  const audit = await openAuditSink({
    ...{ sink: `ops,file:${file},file:/dev/full,module:${own}`, ops: { url: await hangingServer() } },
    ...{ spoolFolder: path.join(folder, "spool"), logger, lost },
  });
  const { grpc, service } = await start(audit);
  for (let i = 0; i < 50; i++) await grpc.predict({ supplier: supplier(i) });
  const lines = async (of: string) =>
    (await readFile(of, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  await vi.waitFor(async () => expect(await lines(path.join(folder, "own.jsonl"))).toHaveLength(50), SLOWLY);
  await service.stop();
  const inFile = await lines(file);
  expect(inFile.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(new Set(inFile.map(({ producer }) => producer)).size).toBe(1);
  expect(await lines(path.join(folder, "own.jsonl"))).toEqual(
    inFile.map(({ event_id, sequence }) => ({ event_id, sequence })),
  );
  expect(counts).toEqual({ write_failed: 50 });
});

/** Opens the sink of a file with this content. */
async function openOwn(source: string) {
  const folder = await tempFolder();
  const inFolder = (name: string): string => path.join(folder, name);
  const [file, out, tries] = [inFolder("own.mjs"), inFolder("out.jsonl"), inFolder("tries")];
  const names = `const [out, tries] = ${JSON.stringify([out, tries])};`;
  await writeFile(file, `import { appendFileSync, readFileSync } from "node:fs";\n${names}\n${source}`);
  const { counts, lost } = losses();
  const warn = vi.fn();
  const audit = await openAuditSink({
    ...{ sink: `module:${file}`, ops: { url: "http://127.0.0.1:1" }, spoolFolder: path.join(folder, "spool"), lost },
    logger: Object.assign(Object.create(logger), { warn }),
  });
  if (!audit) throw new Error("the sink is off");
  onTestFinished(() => audit.stop());
  const ids = async () => (await readFile(out, "utf8").catch(() => "")).split("\n").filter((id) => id !== "");
  return { audit, counts, warn, file, ids };
}
const anEvent = (i: number): AuditEvent => ({
  ...{ eventId: `id-${i}`, kind: "prediction.served", actor: "ada", subject: "S", occurredAtMs: i, payload: {} },
});

test("a file that opens no destination is reported, and its events wait on disk", async () => {
  const { audit, warn, counts } = await openOwn("export default () => 1;");
  audit.record(anEvent(1));
  await vi.waitFor(() => expect(warn).toHaveBeenCalled(), SLOWLY);
  expect(String(warn.mock.calls[0]?.[0].err)).toContain("needs maxEvents (from 1), send and close");
  await audit.stop();
  expect(counts).toEqual({});
});

test("a file that is missing, is broken or has no default function is an error of the start", async () => {
  await expect(openOwn("export default 1;")).rejects.toThrow(
    /^BELLWETHER_AUDIT_SINK: .*own\.mjs has no function as its default export; name a file .*, or set it to off$/,
  );
  await expect(openOwn("throw new Error('boom');")).rejects.toThrow(/own\.mjs cannot be loaded: boom; name a file/);
  await expect(openOwn("process.exit(3);")).rejects.toThrow(/own\.mjs: its thread has ended \(exit code 3\)/);
  const options = { ops: { url: "http://127.0.0.1:1" }, spoolFolder: path.join(root, "none"), logger };
  await expect(openAuditSink({ ...options, sink: "module:./nothere.ts" })).rejects.toThrow(
    /^BELLWETHER_AUDIT_SINK: \/.*\/nothere\.ts cannot be loaded: .*; name a file .*, or set it to off$/s,
  );
}, 120_000);

test.for([
  ["process.exit", "process.exit(1);"],
  ["an exception that nobody catches", "setTimeout(() => { throw new Error('boom'); }); await new Promise(() => {});"],
] as const)("no event is lost when the thread of an own sink ends by %s", { timeout: 120_000 }, async ([, dies]) => {
  const { audit, counts, warn, ids } = await openOwn(`
    export default () => ({
      maxEvents: 50,
      async send(events) {
        appendFileSync(tries, ".");
        if (readFileSync(tries).length % 3 === 1) { ${dies} }
        appendFileSync(out, events.map(({ eventId }) => eventId + "\\n").join(""));
      },
      async close() {},
    });`);
  const expected = Array.from({ length: 200 }, (_, i) => `id-${i}`);
  for (const i of expected.keys()) audit.record(anEvent(i));
  await vi.waitFor(async () => expect([...new Set(await ids())]).toEqual(expected), { ...SLOWLY, timeout: 90_000 });
  await audit.stop();
  expect(counts).toEqual({});
  expect(String(warn.mock.calls[0]?.[0].err)).toMatch(/own\.mjs: its thread has ended \((?:exit code 1|boom)\)/);
});

test("an event that ends the thread of an own sink every time is dropped, and the sink gets a gap event", async () => {
  const { audit, counts, ids } = await openOwn(`
    export default () => ({
      maxEvents: 50,
      async send(events) {
        if (events.some(({ eventId }) => eventId === "id-7")) process.exit(1);
        appendFileSync(out, events.map(({ kind, eventId }) => (kind === "events.dropped" ? kind : eventId) + "\\n").join(""));
      },
      async close() {},
    });`);
  for (let i = 0; i < 10; i++) audit.record(anEvent(i));
  const expected = Array.from({ length: 10 }, (_, i) => `id-${i}`).filter((id) => id !== "id-7");
  await vi.waitFor(async () => expect(await ids()).toEqual([...expected, "events.dropped"]), {
    ...SLOWLY,
    timeout: 90_000,
  });
  await audit.stop();
  expect(counts).toEqual({ sink_ended: 1 });
}, 120_000);
