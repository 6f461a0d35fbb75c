import { randomUUID } from "node:crypto";
import { PredictRowsRequestSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, startOps } from "./ops-harness.ts";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

let cluster: PostgresServer;
let url = "";
let ops: OpsHarness;
let erasures: Client<typeof ErasureService>;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  url = await cluster.createDatabase();
  ops = await startOps(url);
  erasures = createClient(ErasureService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  onTestFinished(() => ops[Symbol.asyncDispose]());
});

/** Appends an event of a batch with these suppliers. */
async function appendBatch(...ids: string[]): Promise<void> {
  const request = create(PredictRowsRequestSchema, { suppliers: ids.map((supplierId) => ({ supplierId })) });
  const bytes = Buffer.from(toBinary(PredictRowsRequestSchema, request)).toString("base64");
  await append("batch.served", randomUUID(), { input: { message: PredictRowsRequestSchema.typeName, bytes } });
}

async function append(kind: string, subject: string, payload: unknown): Promise<void> {
  const event = {
    ...{ eventId: randomUUID(), kind, actor: "ml-service", subject, payloadJson: JSON.stringify(payload) },
    occurredAt: timestampFromDate(new Date()),
  };
  await ops.audit.appendEvents(
    (async function* () {
      yield { events: [event] };
    })(),
  );
}

const erase = (supplierId: string) => ops.audit.eraseSubject({ supplierId, reason: "request of the person" });
const newest = async () => (await erasures.listErasures({})).erasures[0];
const searched = () =>
  vi.waitFor(async () => expect((await newest())?.batchesDone).toBe(true), { timeout: 30_000, interval: 50 });
const payloadsOf = async (kind: string) =>
  (await ops.audit.queryEvents({ kind })).records.map(({ event }) => JSON.parse(event?.payloadJson || "null"));

describe("batches in the audit log", () => {
  test("that have the supplier lose their payload, the others keep it, and the log verifies", async () => {
    await append("prediction.served", "s1", {});
    await appendBatch("s10", "s2");
    for (let i = 0; i < 60; i++) await appendBatch(...(i % 20 === 0 ? ["s2", "s1", "s3"] : ["s2"]));
    const { pending } = await erase("s1");
    expect(pending.join()).toContain("batches");
    await searched();
    expect(await newest()).toMatchObject({ supplierId: "s1", batchesDone: true, batchPayloads: 3n, places: [] });
    expect(await payloadsOf("subject.batches_erased")).toEqual([{ erasureId: 1, payloads: 3, eventsUntil: 62 }]);
    // One payload of the supplier's own event, and three of batches.
    expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, erasedPayloads: 4n });
    // The events about the erasure keep their payloads when the same supplier is erased again.
    await erase("s1");
    await searched();
    expect(await payloadsOf("subject.batches_erased")).toHaveLength(2);
    for (const payload of await payloadsOf("subject.batches_erased")) expect(payload).not.toBeNull();
  });

  test("are searched after a restart, when the process ended before", async () => {
    await append("prediction.served", "s1", {});
    await appendBatch("s1");
    const pool = await openPostgres(url, { max: 1 });
    onTestFinished(() => pool.close());
    await pool.query(
      "insert into bellwether.subject_erasure (supplier_id, actor, erased_at, events_until) values ('s1', 'ada', now(), 2)",
    );
    await using second = await startOps(url, { retentionMs: 50 });
    expect(second.grpcUrl).not.toBe("");
    await searched();
    expect(await newest()).toMatchObject({ batchPayloads: 1n, erasedBy: "ada" });
  });
});

describe("places with files of weeks", () => {
  const due = async (place: string) => (await erasures.listDueErasures({ place })).erasures.map((one) => one.erasureId);
  const report = { snapshots: 2, reports: 1, copies: 3 };

  test("get each erasure until they report that no week waits", async () => {
    for (const supplier of ["s1", "s2"]) {
      await append("prediction.served", supplier, {});
      await erase(supplier);
    }
    expect([await due("a /weeks"), await due("b /weeks")]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await erasures.reportErasure({ erasureId: 1, place: "a /weeks", report });
    expect([await due("a /weeks"), await due("b /weeks")]).toEqual([[2], [1, 2]]);
    // A place with a waiting week asks again an hour later.
    await erasures.reportErasure({
      erasureId: 2,
      place: "a /weeks",
      report: { ...report, waitingWeeks: ["2026-W47"] },
    });
    expect(await due("a /weeks")).toEqual([]);
    const pool = await openPostgres(url, { max: 1 });
    onTestFinished(() => pool.close());
    await pool.query("update bellwether.erasure_place set reported_at = reported_at - interval '61 minutes'");
    expect(await due("a /weeks")).toEqual([2]);
    await erasures.reportErasure({ erasureId: 2, place: "a /weeks", report: { snapshots: 1 } });
    const { erasures: listed } = await erasures.listErasures({});
    expect(listed.map(({ erasureId, places }) => [erasureId, places.map((one) => one.report)])).toMatchObject([
      [2, [{ snapshots: 3, reports: 1, copies: 3, waitingWeeks: [] }]],
      [1, [{ snapshots: 2, reports: 1, copies: 3, waitingWeeks: [] }]],
    ]);
    expect(await payloadsOf("subject.files_erased")).toHaveLength(3);
  });

  test("a report without news is no event, and one about an unknown erasure is rejected", async () => {
    await append("prediction.served", "s1", {});
    await erase("s1");
    const nothing = { erasureId: 1, place: "a", report: { waitingWeeks: ["2026-W47"] } };
    for (let i = 0; i < 3; i++) await erasures.reportErasure(nothing);
    expect(await payloadsOf("subject.files_erased")).toEqual([]);
    for (let i = 0; i < 3; i++) await erasures.reportErasure({ ...nothing, report: {} });
    expect(await payloadsOf("subject.files_erased")).toMatchObject([{ erasureId: 1, place: "a", waiting: [] }]);
    expect(await reasonOf(erasures.reportErasure({ ...nothing, erasureId: 7 }))).toEqual([
      ...[Code.NotFound, "ERASURE_NOT_FOUND"],
    ]);
  });

  test.each([
    ["no place", { erasureId: 1, place: "", report: {} }],
    ["no erasure", { erasureId: 0, place: "a", report: {} }],
    ["no report", { erasureId: 1, place: "a" }],
    ["a week that is none", { erasureId: 1, place: "a", report: { waitingWeeks: ["47"] } }],
    ["too many weeks", { erasureId: 1, place: "a", report: { waitingWeeks: Array(21).fill("2026-W47") } }],
  ])("a report with %s is rejected", async (_what, request) => {
    expect((await failureOf(erasures.reportErasure(request))).code).toBe(Code.InvalidArgument);
  });

  test("two reports of a place at the same time are added up", async () => {
    await append("prediction.served", "s1", {});
    await erase("s1");
    await Promise.all(
      Array.from({ length: 8 }, () => erasures.reportErasure({ erasureId: 1, place: "a", report: { snapshots: 1 } })),
    );
    expect((await newest())?.places).toMatchObject([{ place: "a", report: { snapshots: 8 } }]);
  });
});

test("erasures are listed page by page, newest first", async () => {
  for (let i = 0; i < 5; i++) {
    await append("prediction.served", `s${i}`, {});
    await erase(`s${i}`);
  }
  const first = await erasures.listErasures({ pageSize: 3 });
  const second = await erasures.listErasures({ pageSize: 3, pageToken: first.nextPageToken });
  const ids = [...first.erasures, ...second.erasures].map(({ supplierId }) => supplierId);
  expect([ids, second.nextPageToken]).toEqual([["s4", "s3", "s2", "s1", "s0"], ""]);
  expect((await failureOf(erasures.listErasures({ pageToken: "x" }))).code).toBe(Code.InvalidArgument);
});
