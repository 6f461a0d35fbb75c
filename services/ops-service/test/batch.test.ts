import {
  CategoryColumnSchema,
  type PredictBatchResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { QueryEventsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ListRunsRequestSchema, type SubmitChunkRequest } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { BadRequestSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { migratedUpTo } from "./old-database.ts";
import { failureOf, type OpsHarness, runWeek, startOps, testChunk } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;
let url = "";

beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  ops = await startOps(url);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const start = (isoWeek: string, holder = "worker 1") =>
  ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder });
const rows = (from: number, count: number, score = 0.5) =>
  Array.from({ length: count }, (_, i) => ({ id: `S${from + i}`, score }));

async function inDatabase<T extends object>(query: string): Promise<T[]> {
  const pool = await openPostgres(url, { max: 1 });
  try {
    return (await pool.query<T>(query)).rows;
  } finally {
    await pool.close();
  }
}

test("a run counts its rows, and its scores are visible only when it is complete", async () => {
  const { run, lease } = await start("2026-W01");
  expect(run).toMatchObject({ isoWeek: "2026-W01", state: RunState.RUNNING });
  const faulty = { id: "bad", isInvalid: true };
  const unknown = { id: "thin" };
  expect(await ops.batch.submitChunk(testChunk(lease, 0, [...rows(0, 3), faulty]))).toMatchObject({
    duplicate: false,
    rowsScored: 3,
    rowsInvalid: 1,
  });
  await ops.batch.submitChunk(testChunk(lease, 1, [...rows(3, 2, 0.9), unknown]));
  const visible = `select supplier from bellwether.score where run = ${run?.runId}`;
  expect(await inDatabase(visible)).toHaveLength(0);
  const { run: complete } = await ops.batch.completeRun({
    ...(lease && { lease }),
    ...{ rowsRead: 10n, rowsRejected: 3n, chunksTotal: 2 },
    drift: [
      { feature: "a", psi: 0.1 },
      { feature: "b", psi: 0.3 },
    ],
  });
  expect(complete).toMatchObject({ state: RunState.COMPLETE, rowsRead: 10n, rowsScored: 6n, rowsRejected: 4n });
  expect(complete?.bands.map(({ band, rows: n }) => [band, n])).toEqual([
    [1, 1n],
    [3, 3n],
    [4, 2n],
  ]);
  expect(complete?.drift[0]).toMatchObject({ feature: "b", psi: 0.3 });
  expect(await inDatabase(visible)).toHaveLength(6);
});

test("a chunk that is sent again changes nothing, and a complete run is returned unchanged", async () => {
  const { lease, run } = await start("2026-W02");
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 4)));
  expect(await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 4)))).toMatchObject({
    duplicate: true,
    rowsScored: 4,
  });
  const other = await failureOf(ops.batch.submitChunk(testChunk(lease, 0, rows(0, 3))));
  expect([other.code, other.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("received chunk 0 with 4 rows before, now it has 3"),
  ]);
  const totals = { ...(lease && { lease }), rowsRead: 4n, rowsRejected: 0n, chunksTotal: 1 };
  const first = await ops.batch.completeRun(totals);
  expect(await ops.batch.completeRun(totals)).toEqual(first);
  expect(await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 4)))).toMatchObject({ duplicate: true });
  const late = await failureOf(ops.batch.submitChunk(testChunk(lease, 1, rows(9, 1))));
  expect(late.code).toBe(Code.FailedPrecondition);
  const again = await start("2026-W02", "worker 2");
  expect(again.lease).toBeUndefined();
  expect(again.run).toEqual(first.run);
  expect(await inDatabase(`select from bellwether.score where run = ${run?.runId}`)).toHaveLength(4);
});

test("chunks that are submitted concurrently, each twice, are stored once", async () => {
  const { lease, run } = await start("2026-W03");
  const chunks = Array.from({ length: 6 }, (_, chunk) => testChunk(lease, chunk, rows(chunk * 50, 50)));
  const answers = await Promise.all([...chunks, ...chunks].map((chunk) => ops.batch.submitChunk(chunk)));
  expect(answers.filter(({ duplicate }) => duplicate)).toHaveLength(6);
  await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 300n, rowsRejected: 0n, chunksTotal: 6 });
  expect(await inDatabase(`select from bellwether.score where run = ${run?.runId}`)).toHaveLength(300);
});

test("another holder takes a run over with its chunks, and the first holder is rejected", async () => {
  const first = await start("2026-W04", "worker 1");
  expect((await start("2026-W04", "worker 1")).lease).toEqual(first.lease);
  await ops.batch.submitChunk(testChunk(first.lease, 0, rows(0, 2)));
  const second = await start("2026-W04", "worker 2");
  expect(second.receivedChunks).toEqual([0]);
  expect(second.lease?.fence).toBe((first.lease?.fence ?? 0n) + 1n);
  const fenced = await failureOf(ops.batch.submitChunk(testChunk(first.lease, 1, rows(2, 2))));
  expect(fenced.code).toBe(Code.Aborted);
  expect(fenced.rawMessage).toContain("another holder has taken the run over");
  await ops.batch.submitChunk(testChunk(second.lease, 1, rows(2, 2)));
  const failed = await ops.batch.failRun({ ...(second.lease && { lease: second.lease }), reason: "disk full" });
  expect(failed.run).toMatchObject({ state: RunState.FAILED, failure: "disk full" });
  await ops.batch.failRun({ ...(second.lease && { lease: second.lease }), reason: "disk full" });
  const { records } = await ops.audit.queryEvents({ kind: "run.failed", subject: `run/${first.run?.runId}` });
  expect(records.map(({ event }) => JSON.parse(event?.payloadJson || "{}"))).toMatchObject([
    { isoWeek: "2026-W04", reason: "disk full" },
  ]);
  expect((await start("2026-W04", "worker 2")).receivedChunks).toEqual([0, 1]);
});

test("a run keeps the chunk size of its stored chunks, and rejects chunks of another size", async () => {
  const begin = (chunkRows: number, holder: string) =>
    ops.batch.startRun({ isoWeek: "2026-W14", modelName: "supplier-risk", holder, chunkRows });
  expect((await begin(2, "worker 1")).run?.chunkRows).toBe(2);
  // Nothing is stored yet: the next attempt may have another size.
  const first = await begin(3, "worker 2");
  expect(first.run?.chunkRows).toBe(3);
  const large = await failureOf(ops.batch.submitChunk(testChunk(first.lease, 0, rows(0, 4))));
  expect([large.code, large.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("began with chunks of 3 rows, but chunk 0 has 4; send chunks of 3 rows"),
  ]);
  await ops.batch.submitChunk(testChunk(first.lease, 0, rows(0, 3)));

  const { run, lease, receivedChunks, begunAnew } = await begin(5, "worker 3");
  expect([run?.chunkRows, receivedChunks, begunAnew]).toEqual([3, [0], false]);
  await ops.batch.reportProgress({ ...(lease && { lease }), stage: RunStage.SCORE, chunksTotal: 3 });
  const short = await failureOf(ops.batch.submitChunk(testChunk(lease, 1, rows(3, 2))));
  expect([short.code, short.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("began with chunks of 3 rows, but chunk 1 has 2"),
  ]);
  await ops.batch.submitChunk(testChunk(lease, 1, rows(3, 3)));
  await ops.batch.submitChunk(testChunk(lease, 2, rows(6, 1)));
  const totals = { ...(lease && { lease }), rowsRead: 7n, rowsRejected: 0n, chunksTotal: 3 };
  const { run: complete } = await ops.batch.completeRun(totals);
  expect(complete).toMatchObject({ state: RunState.COMPLETE, chunkRows: 3, rowsScored: 7n });
  const again = await begin(5, "worker 4");
  expect([again.run, again.lease]).toEqual([complete, undefined]);
});

test("an unfinished run of a release that recorded no chunk size continues with chunks of 4,096 rows", async () => {
  const oldUrl = await cluster.createDatabase();
  await migratedUpTo(oldUrl, "0007_feature_values");
  const pool = await openPostgres(oldUrl, { max: 1 });
  await pool.query(`
    insert into bellwether.run (iso_week, model_name, fence, holder, state, chunks_received) values
      ('2026-W01', 'supplier-risk', 1, 'h', 'failed', 1), ('2026-W02', 'supplier-risk', 1, 'h', 'failed', 0);
    insert into bellwether.run_chunk values (1, 0, 1, 4096, 0)`);
  await pool.close();
  await using old = await startOps(oldUrl);
  const begin = (isoWeek: string) =>
    old.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: "worker", chunkRows: 1_000 });
  expect(await begin("2026-W01")).toMatchObject({
    begunAnew: false,
    receivedChunks: [0],
    run: { chunkRows: 4_096 },
  });
  expect(await begin("2026-W02")).toMatchObject({ receivedChunks: [], run: { chunkRows: 1_000 } });
});

test("a run with chunks of an unknown size begins again when a size is given", async () => {
  const { lease } = await start("2026-W15", "worker 1");
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 4)));
  expect(await start("2026-W15", "worker 2")).toMatchObject({ begunAnew: false, receivedChunks: [0] });
  const again = { isoWeek: "2026-W15", modelName: "supplier-risk", holder: "worker 3", chunkRows: 2 };
  expect(await ops.batch.startRun(again)).toMatchObject({
    begunAnew: true,
    receivedChunks: [],
    run: { chunkRows: 2, chunksReceived: 0, rowsScored: 0n },
  });
});

test("StartRun accepts chunk sizes up to 8,192", async () => {
  const begin = (chunkRows: number) =>
    ops.batch.startRun({ isoWeek: "2026-W16", modelName: "supplier-risk", holder: "worker", chunkRows });
  expect((await begin(8_192)).run?.chunkRows).toBe(8_192);
  expect((await failureOf(begin(8_193))).code).toBe(Code.InvalidArgument);
});

test("a second row of a supplier is rejected, and the score of the first row is kept", async () => {
  const twice = [
    { id: "S1", score: 0.2 },
    { id: "S2", score: 0.3 },
    { id: "S1", score: 0.9 },
  ];
  expect(await runWeek(ops, "2026-W05", twice)).toMatchObject({ rowsRead: 3n, rowsScored: 2n, rowsRejected: 1n });
  const history = await inDatabase<{ p: number }>(
    "select p from bellwether.score s join bellwether.run r on r.id = s.run where r.iso_week = '2026-W05' order by p",
  );
  expect(history.map(({ p }) => p)).toEqual([0.2, 0.3]);
});

/** Returns the names of the indexes on the scores of a run. */
const indexesOf = async (runId: number | undefined): Promise<string[]> => {
  const found = await inDatabase<{ name: string }>(
    `select indexrelid::regclass::text as name from pg_index where indrelid = 'bellwether.score_r${runId}'::regclass`,
  );
  return found.map(({ name }) => name.replace(/^.*score_r\d+_/, "")).sort();
};
const INDEXES = [
  ...["delta_supplier_idx", "exposure_supplier_idx", "impact_supplier_idx", "p_supplier_idx", "pkey"],
  "region_category_idx",
];

test("the indexes of a run are built while its distributions are compared, once it has all chunks", async () => {
  const { lease, run } = await start("2026-W27");
  const report = (stage: RunStage) => ops.batch.reportProgress({ ...(lease && { lease }), stage, chunksTotal: 2 });
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 3)));
  await report(RunStage.DRIFT);
  await report(RunStage.SCORE);
  await ops.batch.submitChunk(testChunk(lease, 1, rows(3, 2)));
  expect(await indexesOf(run?.runId)).toEqual([]);
  await report(RunStage.DRIFT);
  await vi.waitFor(async () => expect(await indexesOf(run?.runId)).toEqual(INDEXES), { timeout: 20_000 });
  const totals = { ...(lease && { lease }), rowsRead: 5n, rowsRejected: 0n, chunksTotal: 2 };
  expect((await ops.batch.completeRun(totals)).run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 5n });
  expect(await indexesOf(run?.runId)).toEqual(INDEXES);
});

test("a run whose chunks are dropped while its indexes are to be built gets none", async () => {
  const { lease, run } = await start("2026-W29");
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 3)));
  const waiting = `select pid from pg_locks where not granted and relation = 'bellwether.score_r${run?.runId}'::regclass`;
  const busy = `select pid from pg_stat_activity where application_name = 'ops-service-publishing' and state <> 'idle'
    and datname = current_database()`;
  const other = await openPostgres(url, { max: 1 });
  try {
    await other.query(`begin; lock table bellwether.score_r${run?.runId} in access exclusive mode`);
    await ops.batch.reportProgress({ ...(lease && { lease }), stage: RunStage.DRIFT, chunksTotal: 1 });
    await vi.waitFor(async () => expect(await inDatabase(waiting)).toHaveLength(1), { timeout: 20_000 });
    await other.query(`update bellwether.run set stage = 'none', chunks_received = 0 where id = ${run?.runId}; commit`);
  } finally {
    await other.close();
  }
  await vi.waitFor(async () => expect(await inDatabase(busy)).toEqual([]), { timeout: 20_000 });
  expect(await indexesOf(run?.runId)).toEqual([]);
});

test("indexes that were built before do not keep a second row of a supplier, and go with the chunks of a run", async () => {
  const digests = (sourceDigest: string) => ({ isoWeek: "2026-W28", modelName: "supplier-risk", sourceDigest });
  const { lease, run } = await ops.batch.startRun({ ...digests("a".repeat(64)), holder: "worker 1" });
  const drift = { stage: RunStage.DRIFT, chunksTotal: 1 };
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 5)));
  await ops.batch.reportProgress({ ...(lease && { lease }), ...drift });
  await vi.waitFor(async () => expect(await indexesOf(run?.runId)).toEqual(INDEXES), { timeout: 20_000 });
  const again = await ops.batch.startRun({ ...digests("b".repeat(64)), holder: "worker 1" });
  expect(again).toMatchObject({ begunAnew: true, run: { runId: run?.runId } });
  expect(await indexesOf(run?.runId)).toEqual([]);
  const held = again.lease && { lease: again.lease };
  await ops.batch.submitChunk(testChunk(again.lease, 0, [...rows(0, 3), { id: "S1", score: 0.9 }]));
  await ops.batch.reportProgress({ ...held, ...drift });
  const withoutKey = INDEXES.filter((name) => name !== "pkey");
  await vi.waitFor(async () => expect(await indexesOf(run?.runId)).toEqual(withoutKey), { timeout: 20_000 });
  const complete = await ops.batch.completeRun({ ...held, rowsRead: 4n, rowsRejected: 0n, chunksTotal: 1 });
  expect(complete.run).toMatchObject({ rowsScored: 3n, rowsRejected: 1n });
  expect(await indexesOf(run?.runId)).toEqual(INDEXES);
});

test("CompleteRun rejects missing chunks and counts that do not add up", async () => {
  const { lease } = await start("2026-W06");
  await ops.batch.submitChunk(testChunk(lease, 1, rows(0, 2)));
  const totals = { ...(lease && { lease }), rowsRead: 2n, rowsRejected: 0n };
  const missing = await failureOf(ops.batch.completeRun({ ...totals, chunksTotal: 2 }));
  expect([missing.code, missing.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("lacks 1 of 2 chunks, the first is 0"),
  ]);
  await ops.batch.submitChunk(testChunk(lease, 0, rows(2, 2)));
  const counts = await failureOf(ops.batch.completeRun({ ...totals, chunksTotal: 2 }));
  expect([counts.code, counts.rawMessage]).toEqual([
    Code.FailedPrecondition,
    expect.stringContaining("2 rows read, but 4 scored, 0 invalid and 0 rejected make 4"),
  ]);
});

test("a run has one model version and one input", async () => {
  const { lease } = await start("2026-W07");
  await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 1)));
  const mixed = await failureOf(ops.batch.submitChunk(testChunk(lease, 1, rows(1, 1), "d".repeat(64))));
  expect([mixed.code, mixed.rawMessage]).toEqual([Code.FailedPrecondition, expect.stringContaining("one version")]);
  const progress = { ...(lease && { lease }), stage: RunStage.INGEST, rowsRead: 7n };
  const { run } = await ops.batch.reportProgress({ ...progress, inputDigest: "1".repeat(64) });
  expect(run).toMatchObject({ rowsRead: 7n, inputDigest: "1".repeat(64) });
  const moved = await failureOf(ops.batch.reportProgress({ ...progress, inputDigest: "2".repeat(64) }));
  expect(moved.code).toBe(Code.FailedPrecondition);
});

test("columns of different lengths are rejected by field name, and nothing is written", async () => {
  const { lease, run } = await start("2026-W08");
  const chunk = () => testChunk(lease, 0, rows(0, 2));
  const spoil = (columns: Partial<SubmitChunkRequest>): SubmitChunkRequest => Object.assign(chunk(), columns);
  const spoilScores = (columns: Partial<PredictBatchResponse>): SubmitChunkRequest => {
    const request = chunk();
    Object.assign(request.scores ?? {}, columns);
    return request;
  };
  const regions = create(CategoryColumnSchema, { name: "region", dictionary: ["EU"], codes: [0, 1] });
  for (const request of [
    spoilScores({ bands: new Uint8Array(1) }),
    spoilScores({ bands: new Uint8Array([9, 9]) }),
    spoilScores({ contributions: new Uint8Array(3) }),
    spoilScores({ riskScores: new Uint8Array(new Float64Array([0.5, 1.5]).buffer) }),
    spoil({ exposures: new Uint8Array(8) }),
    spoil({ exposures: new Uint8Array(new Float64Array([1, -1]).buffer) }),
    spoil({ supplierNames: ["one"] }),
    spoil({ regions }),
    spoil({ supplierIds: ["a\0b", "c"] }),
  ])
    expect((await failureOf(ops.batch.submitChunk(request))).code).toBe(Code.InvalidArgument);
  expect(await inDatabase(`select from bellwether.score_r${run?.runId}`)).toHaveLength(0);
  await ops.batch.submitChunk(chunk());
});

test("a week that the year does not have is rejected by field name, and starts nothing", async () => {
  const failure = await failureOf(start("2025-W53"));
  expect([failure.code, failure.rawMessage]).toEqual([
    Code.InvalidArgument,
    '"2025-W53" is not an ISO week: 2025 has the weeks W01 to W52',
  ]);
  expect(failure.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: "iso_week" }]);
  expect(await inDatabase("select from bellwether.run where iso_week = '2025-W53'")).toEqual([]);
  expect((await start("2020-W53")).run?.isoWeek).toBe("2020-W53");
});

test.each([
  ["2026-W00", Code.InvalidArgument],
  ["1999-W01", Code.NotFound],
  ["1999-W53", Code.NotFound],
  ["2026-W54", Code.InvalidArgument],
  ["2026-W59", Code.InvalidArgument],
])("GetRun of %s, a week without a run, fails with code %i", async (isoWeek, code) => {
  expect((await failureOf(ops.batch.getRun({ isoWeek }))).code).toBe(code);
});

test("unknown runs are NOT_FOUND; ListRuns and GetRun return the others", async () => {
  const lease = { runId: 999_999, fence: 1n };
  const stage = RunStage.INGEST;
  for (const call of [
    () => ops.batch.getRun({ isoWeek: "1999-W01" }),
    () => ops.batch.reportProgress({ lease, stage }),
    () => ops.batch.submitChunk(testChunk({ ...lease, $typeName: "bellwether.ops.v1.RunLease" }, 0, rows(0, 1))),
    () => ops.batch.completeRun({ lease }),
    () => ops.batch.failRun({ lease, reason: "r" }),
    async () => {
      for await (const _ of ops.batch.watchRun({ runId: 999_999 }));
    },
  ])
    expect((await failureOf(call())).code).toBe(Code.NotFound);
  await start("2026-W09");
  expect((await ops.batch.getRun({})).run?.isoWeek).toBe("2026-W09");
  const seen: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.batch.listRuns({ pageSize: 2, pageToken });
    seen.push(...page.runs.map(({ isoWeek }) => isoWeek));
    if (page.nextPageToken === "") break;
    pageToken = page.nextPageToken;
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen[0]).toBe("2026-W09");
  expect((await failureOf(ops.batch.listRuns({ pageToken: "nonsense" }))).code).toBe(Code.InvalidArgument);
});

test("a watch streams a run until it is complete", async () => {
  const { run, lease } = await start("2026-W10");
  const seen: [RunState, bigint][] = [];
  const watching = (async () => {
    for await (const { run: now } of ops.batch.watchRun({ runId: run?.runId ?? 0 })) {
      if (seen.length === 0) await ops.batch.submitChunk(testChunk(lease, 0, rows(0, 3)));
      if (now?.rowsScored === 3n && now.state === RunState.RUNNING)
        await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 3n, rowsRejected: 0n, chunksTotal: 1 });
      seen.push([now?.state ?? RunState.UNSPECIFIED, now?.rowsScored ?? 0n]);
    }
  })();
  await watching;
  expect(seen[0]).toEqual([RunState.RUNNING, 0n]);
  expect(seen.at(-1)).toEqual([RunState.COMPLETE, 3n]);
});

test("page tokens that no server created are rejected, even when they contain valid numbers", async () => {
  for (const key of ["1e300", "1.5", "-1", "2147483648"]) {
    const pageToken = pageTokens(ListRunsRequestSchema, create(ListRunsRequestSchema)).write([key]);
    expect((await failureOf(ops.batch.listRuns({ pageToken }))).code).toBe(Code.InvalidArgument);
  }
  for (const key of ["7", "0 1e300", "0 1.5", "0 -1", "0 9007199254740992", "x 1", "1.5 1", "9999999999999999999 1"]) {
    const pageToken = pageTokens(QueryEventsRequestSchema, create(QueryEventsRequestSchema)).write(key.split(" "));
    expect((await failureOf(ops.audit.queryEvents({ pageToken }))).code).toBe(Code.InvalidArgument);
  }
});

test("a voided run is the run of its week only when there is no other one, for GetRun and GET /batch/status", async () => {
  const modelName = "withdrawn";
  const reason = "the wrong file";
  const runWeekOf = async (isoWeek: string) => (await runWeek(ops, isoWeek, rows(0, 2), { modelName }))?.runId ?? 0;
  const [first, wrong] = [await runWeekOf("2026-W10"), await runWeekOf("2026-W11")];
  await ops.batch.voidRun({ runId: wrong, reason });
  const runOf = async (isoWeek = "") => (await ops.batch.getRun({ isoWeek, modelName })).run?.runId;
  const status = async () => (await fetch(`${ops.webUrl}/batch/status?model_name=${modelName}`)).json();
  expect([await runOf(), await runOf("2026-W11"), (await status()).run_id]).toEqual([first, wrong, first]);
  // A newer revision that is voided leaves the complete one to the readers.
  await ops.batch.supersedeRun({ runId: first, reason });
  const { run, lease } = await ops.batch.startRun({ isoWeek: "2026-W10", modelName, holder: "h" });
  const revision = run?.runId ?? 0;
  expect(await runOf("2026-W10")).toBe(revision);
  await ops.batch.failRun({ ...(lease && { lease }), reason });
  await ops.batch.voidRun({ runId: revision, reason });
  expect(await runOf("2026-W10")).toBe(first);
  await ops.batch.voidRun({ runId: first, reason });
  expect((await status()).state).toBe("voided");
});
