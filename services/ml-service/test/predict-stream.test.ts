import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { createMlService } from "../src/service.ts";

const events: AuditEvent[] = [];
let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let client: Client<typeof InferenceService>;

const start = (over: Partial<Parameters<typeof createMlService>[0]> = {}) =>
  createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, registryRoot: root, defaultModel: DEMO_SPEC.name },
    ...{ pollMs: 20, logger: createLogger({ name: "ml-service", level: "silent" }), scoringThreads: 1, ...over },
  });
const clientOf = ({ addresses }: { readonly addresses: typeof service.addresses }) =>
  createClient(InferenceService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${addresses.grpc.port}` }));

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "predict-stream-"));
  await publishDemoModel(root);
  const audit = { record: (event: AuditEvent) => void events.push(event), lost: () => {}, stop: async () => {} };
  service = await start({ audit });
  client = clientOf(service);
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

/** Returns the demo suppliers `[first, last)` in columns. */
function rows(first: number, last: number) {
  const ids = Array.from({ length: last - first }, (_, row) => first + row);
  return {
    supplierIds: ids.map((id) => `S_${id}`),
    numbers: DEMO_FEATURES.map((name) => ({ name, values: ids.map((id) => demoSupplier(id).features[name] ?? 0) })),
    contractTexts: ids.map((id) => demoSupplier(id).text),
    withContributions: true,
  };
}
type Block = ReturnType<typeof rows> & { readonly model?: { modelName?: string; modelVersion?: string } };
async function* send(...blocks: Block[]) {
  for (const block of blocks) yield { block };
}
async function collect<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const answer of answers) found.push(answer);
  return found;
}
const failure = (answers: AsyncIterable<unknown>) =>
  collect(answers).then(() => Promise.reject(new Error("the stream succeeded")), ConnectError.from);

test("blocks are answered in order with the bits of PredictBatch, and the stream ends after the last", async () => {
  const blocks = [rows(0, 300), rows(300, 310), rows(310, 700)];
  const answers = await collect(client.predictStream(send(...blocks)));
  expect(answers.map(({ firstRow }) => Number(firstRow))).toEqual([0, 300, 310]);
  const batches = await Promise.all(blocks.map((block) => client.predictBatch(block)));
  expect(answers.map(({ block }) => block)).toEqual(batches);
});

test("a stream without blocks ends without an answer", async () => {
  expect(await collect(client.predictStream(send()))).toEqual([]);
});

test("a client may wait for each answer before it sends the next block", async () => {
  const answered = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  async function* lockstep() {
    yield { block: rows(0, 20) };
    await answered[0]?.promise;
    yield { block: rows(20, 320) };
    await answered[1]?.promise;
  }
  let taken = 0;
  for await (const _ of client.predictStream(lockstep())) answered[taken++]?.resolve();
  expect(taken).toBe(2);
});

test("rows with an invalid value, id or text are named, and all other rows of the stream are scored", async () => {
  const bad = rows(0, 40);
  bad.supplierIds[3] = "";
  bad.supplierIds[4] = "x".repeat(129);
  bad.supplierIds[5] = "A\0B";
  bad.contractTexts[6] = "ü".repeat(2 ** 19 + 1);
  const [number] = bad.numbers;
  if (number) number.values[7] = -1;
  const [first, second] = await collect(client.predictStream(send(bad, rows(40, 60))));
  expect(first?.block?.violations.map(({ row, reason, field }) => [row, reason, field])).toEqual([
    [3, "SUPPLIER_ID", "supplier_ids"],
    [4, "SUPPLIER_ID", "supplier_ids"],
    [5, "SUPPLIER_ID", "supplier_ids"],
    [6, "TEXT_TOO_LONG", "contract_texts"],
    [7, "FEATURE_OUT_OF_RANGE", `numbers.${DEMO_FEATURES[0]}`],
  ]);
  expect(
    [...(first?.block?.bands ?? [])].map((band, row) => (band === 0 ? row : -1)).filter((row) => row >= 0),
  ).toEqual([3, 4, 5, 6, 7]);
  const good = await client.predictBatch(rows(8, 40));
  expect(first?.block?.riskScores.subarray(8 * 8)).toEqual(good.riskScores);
  expect(second?.block?.bands).toHaveLength(20);
});

test("a block whose shape is wrong ends the stream after the answers before it, and names field, block and row", async () => {
  const wrong = { ...rows(20, 30), contractTexts: ["one"] };
  const answers: unknown[] = [];
  const error = await (async () => {
    try {
      for await (const answer of client.predictStream(send(rows(0, 20), wrong, rows(30, 40)))) answers.push(answer);
    } catch (thrown) {
      return ConnectError.from(thrown);
    }
    return undefined;
  })();
  expect(answers).toHaveLength(1);
  expect(error?.code).toBe(Code.InvalidArgument);
  expect(error?.rawMessage).toBe(
    "block.contract_texts: 1 text for 10 suppliers; send one each, or none at all (block 1, from row 20)",
  );
});

test.each([
  ["no block", {}, "block"],
  ["no rows", { block: { supplierIds: [] } }, "supplier_ids"],
  ["8,193 rows", { block: { supplierIds: Array.from({ length: 8_193 }, (_, i) => `S_${i}`) } }, "supplier_ids"],
  ["an unknown column", { block: { supplierIds: ["A"], numbers: [{ name: "nope", values: [1] }] } }, "unknown feature"],
])("a message with %s ends the stream with INVALID_ARGUMENT", async (_, message, text) => {
  async function* one() {
    yield message;
  }
  const error = await failure(client.predictStream(one()));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.message).toContain(text);
});

test("a message over 4 MiB is RESOURCE_EXHAUSTED", async () => {
  const large = { ...rows(0, 5), contractTexts: Array.from({ length: 5 }, () => "x".repeat(2 ** 20)) };
  expect((await failure(client.predictStream(send(large)))).code).toBe(Code.ResourceExhausted);
});

test("another model in a later block is rejected; the same model, or none, is accepted", async () => {
  const v1 = { modelName: DEMO_SPEC.name, modelVersion: "v1" };
  const first = { ...rows(0, 5), model: v1 };
  expect(await collect(client.predictStream(send(first, first, rows(5, 6))))).toHaveLength(3);
  const error = await failure(client.predictStream(send(first, { ...first, model: { ...v1, modelVersion: "v2" } })));
  expect([error.code, error.rawMessage]).toEqual([
    Code.InvalidArgument,
    "block.model: block 1 names another model than the first block; open another stream for it",
  ]);
  const missing = { ...rows(0, 5), model: { modelName: "nope" } };
  expect((await failure(client.predictStream(send(missing)))).code).toBe(Code.NotFound);
});

test("no further block is read while nobody takes the answers", async () => {
  let read = 0;
  async function* endless() {
    for (; read < 2_000; read++) yield { block: rows(0, 100) };
  }
  const abort = new AbortController();
  const answers = client.predictStream(endless(), { signal: abort.signal })[Symbol.asyncIterator]();
  await answers.next();
  // The client and the buffers of the connection read ahead until their windows are full.
  let before = -1;
  await vi.waitFor(
    () => {
      const same = read === before;
      before = read;
      expect(same).toBe(true);
    },
    { interval: 300, timeout: 20_000 },
  );
  expect(read).toBeLessThan(2_000);
  abort.abort();
  await answers.next().catch(() => {});
});

test("a cancelled stream stops scoring and frees its place", async () => {
  const abort = new AbortController();
  let sent = 0;
  async function* many() {
    for (; sent < 500; sent++) yield { block: rows(0, 1_000) };
  }
  const error = await (async () => {
    try {
      for await (const _ of client.predictStream(many(), { signal: abort.signal })) abort.abort();
    } catch (thrown) {
      return ConnectError.from(thrown);
    }
    return undefined;
  })();
  expect(error?.code).toBe(Code.Canceled);
  expect(sent).toBeLessThan(500);
  await vi.waitFor(
    async () => {
      const open = Array.from({ length: 12 }, () => collect(client.predictStream(send(rows(0, 2)))));
      expect((await Promise.all(open)).flat()).toHaveLength(12);
    },
    { timeout: 20_000 },
  );
});

test("a stream ends at its deadline, and the next one is answered", async () => {
  async function* forever() {
    for (;;) yield { block: rows(0, 500) };
  }
  const late = client.predictStream(forever(), { timeoutMs: 200 });
  expect((await failure(late)).code).toBe(Code.DeadlineExceeded);
  expect(await collect(client.predictStream(send(rows(0, 2))))).toHaveLength(1);
});

test("a 13th open stream of an address is rejected with a pause, and accepted when another has ended; another address has its own", async () => {
  const ends = Promise.withResolvers<void>();
  async function* held() {
    yield { block: rows(0, 1) };
    await ends.promise;
  }
  const open = Array.from({ length: 12 }, () => client.predictStream(held())[Symbol.asyncIterator]());
  await Promise.all(open.map((answers) => answers.next()));
  const error = await failure(client.predictStream(send(rows(0, 1))));
  expect([error.code, error.rawMessage]).toEqual([
    Code.ResourceExhausted,
    "12 streams of this caller are open at this replica; try again in a moment, or use PredictBatch",
  ]);
  const { port } = service.addresses.grpc;
  const createConnection = () => net.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  const nodeOptions = { createConnection };
  const other = createClient(
    InferenceService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}`, nodeOptions }),
  );
  expect(await collect(other.predictStream(send(rows(0, 1))))).toHaveLength(1);
  ends.resolve();
  await Promise.all(open.map((answers) => answers.next()));
  expect(await collect(client.predictStream(send(rows(0, 1))))).toHaveLength(1);
});

test("one version scores the whole stream, also when the champion changes meanwhile", async () => {
  const swapped = Promise.withResolvers<void>();
  async function* across() {
    yield { block: rows(0, 20) };
    await swapped.promise;
    yield { block: rows(0, 20) };
  }
  const answers = client.predictStream(across())[Symbol.asyncIterator]();
  const first = (await answers.next()).value?.block;
  const version = await publishDemoModel(root, 7);
  const served = async () => (await client.predictBatch(rows(0, 1))).model?.version;
  await vi.waitFor(async () => expect(await served()).toBe(version), { timeout: 20_000, interval: 20 });
  swapped.resolve();
  const second = (await answers.next()).value?.block;
  expect(first?.model?.version).not.toBe(version);
  expect(second).toEqual(first);
  await answers.next();
});

test("each answered block is recorded as a batch, and a stream that fails once more with its code", async () => {
  events.length = 0;
  await collect(client.predictStream(send(rows(0, 20), rows(20, 25))));
  await failure(client.predictStream(send(rows(0, 3), { ...rows(0, 2), contractTexts: ["one"] })));
  await vi.waitFor(() => expect(events).toHaveLength(4));
  expect(events.map(({ kind, payload }) => [kind, payload.rows, payload.code])).toEqual([
    ["batch.served", 20, "OK"],
    ["batch.served", 5, "OK"],
    ["batch.served", 3, "OK"],
    ["call.refused", undefined, "INVALID_ARGUMENT"],
  ]);
  expect(events[0]?.payload.rpc).toBe("bellwether.inference.v1.InferenceService/PredictStream");
});

test("a caller without a role is rejected before a block is read", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "predict-stream-keys-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const keys = await createLocalKeys(path.join(folder, "keys"));
  const tokens = { issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, rolesClaim: "roles" };
  await using guarded = await start({
    auth: { identities: {}, tokens: { keys: await readPublicKeys(keys.publicKeysFile), ...tokens } },
  });
  const other = clientOf(guarded);
  let read = 0;
  async function* counted() {
    for (;;) {
      read++;
      yield { block: rows(0, 1_000) };
    }
  }
  expect((await failure(other.predictStream(counted()))).code).toBe(Code.Unauthenticated);
  expect(read).toBeLessThan(200);
  const viewer = await issueToken(keys.privateKeyFile, { subject: "ada", roles: ["viewer"], lifetimeS: 60 });
  const headers = { authorization: `Bearer ${viewer}` };
  expect(await collect(other.predictStream(send(rows(0, 2)), { headers }))).toHaveLength(1);
});
