import { randomUUID } from "node:crypto";
import { checkpointSigner, checkpointText, newCheckpointKey } from "@bellwether/contract/audit/checkpoint";
import { AlertSeverity } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { AuditCheckpoint, AuditEventSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, type OpsHarness, reasonOf, runWeek, seenAlert, startOps } from "./ops-harness.ts";

type Event = MessageInitShape<typeof AuditEventSchema>;

let cluster: PostgresServer;
let ops: OpsHarness;
let url = "";

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  url = await cluster.createDatabase();
  ops = await startOps(url);
  onTestFinished(() => ops[Symbol.asyncDispose]());
});

const event = (over: Event = {}): Event => ({
  eventId: randomUUID(),
  kind: "prediction.served",
  actor: "ml-service",
  subject: "S1",
  occurredAt: timestampFromDate(new Date("2026-01-05T10:00:00.123Z")),
  payloadJson: '{"risk_score":0.5}',
  ...over,
});

const append = (...messages: Event[][]) =>
  ops.audit.appendEvents(
    (async function* () {
      for (const events of messages) yield { events };
    })(),
  );

/** As a superuser, who can leave out the triggers that guard the log. */
async function tamper(statement: string): Promise<void> {
  const pool = await openPostgres(url, { max: 1 });
  await pool.query("set session_replication_role = replica");
  await pool.query(statement);
  await pool.close();
}

/** A service that signs checkpoints. */
async function startSigning(over: { readonly key?: string; readonly checkpointEvents?: number } = {}) {
  const signer = checkpointSigner(over.key ?? newCheckpointKey(), "the key");
  const audit = { signer, checkpointEvents: over.checkpointEvents ?? 1_000, everyMs: 3_600_000 };
  const signing = await startOps(url, { audit });
  onTestFinished(() => signing[Symbol.asyncDispose]());
  return { signer, signing };
}

const textOf = ({ sequence, ...rest }: AuditCheckpoint): string =>
  checkpointText({ sequence: Number(sequence), ...rest });

test("all events are in one chain from the first on, each once", async () => {
  const [a, b, c] = [event(), event({ payloadJson: "" }), event({ subject: "S2" })];
  expect(await append([a, b], [b, c])).toMatchObject({ appended: 3n, duplicates: 1n });
  expect(await append([{ ...a, eventId: a.eventId?.toUpperCase() ?? "" }])).toMatchObject({
    appended: 0n,
    duplicates: 1n,
  });
  const { records } = await ops.audit.queryEvents({});
  expect(records.map(({ sequence }) => sequence)).toEqual([3n, 2n, 1n]);
  expect(records[2]?.previousHash).toBe("0".repeat(64));
  expect(records[0]?.previousHash).toBe(records[1]?.hash);
  expect(records[2]?.event).toMatchObject(a);
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 3n, headHash: records[0]?.hash });
});

test("concurrent writers leave no gap and no fork", async () => {
  await Promise.all(Array.from({ length: 8 }, () => append([event(), event()], [event()])));
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 24n });
});

test.each([
  ["a changed field", "update bellwether.audit_event set actor = 'nobody' where sequence = 2", 2n],
  ["a changed payload", "update bellwether.audit_event set payload = '{}' where sequence = 2", 2n],
  ["a removed record", "delete from bellwether.audit_event where sequence = 2", 2n],
  ["a cut-off tail", "delete from bellwether.audit_event where sequence = 4", 4n],
])("VerifyChain detects %s", async (_what, statement, at) => {
  await append([event(), event(), event(), event()]);
  await tamper(statement);
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: false, firstBrokenSequence: at });
});

test("the chain still holds after payloads are erased, and they are counted", async () => {
  await append([event(), event()]);
  await tamper("update bellwether.audit_event set payload = null, salt = null where sequence = 1");
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 2n, erasedPayloads: 1n });
  const { records } = await ops.audit.queryEvents({ afterSequence: 0n });
  expect(records.map(({ payloadErased, salt }) => [payloadErased, salt.length])).toEqual([
    [true, 0],
    [false, 32],
  ]);
});

test("a payload that was put back with another salt is found", async () => {
  await append([event()]);
  await tamper("update bellwether.audit_event set salt = repeat('0', 32)");
  expect(await ops.audit.verifyChain({})).toMatchObject({
    ...{ holds: false, firstBrokenSequence: 1n },
    firstBrokenReason: expect.stringContaining("the payload or its salt was changed"),
  });
});

test("rows outside the chain are not shown as events, and are found", async () => {
  await append([event(), event()]);
  for (const sequence of [9, 0]) {
    await tamper(`insert into bellwether.audit_event select ${sequence}, gen_random_uuid(), kind, actor, subject, occurred_us,
      recorded_us, payload, payload_hash, previous_hash, hash, hash_version, recorded_by, salt
      from bellwether.audit_event where sequence = 1`);
    expect((await ops.audit.queryEvents({})).records).toHaveLength(2);
    expect((await ops.audit.queryEvents({ afterSequence: 0n })).records).toHaveLength(2);
    expect(await ops.audit.verifyChain({})).toMatchObject({
      ...{ holds: false, firstBrokenSequence: BigInt(sequence) },
      firstBrokenReason: "a row was inserted outside the chain; it is not shown as an event",
    });
  }
});

test("the caller who reports an event is recorded, and is part of its hash", async () => {
  await append([event()]);
  const { records } = await ops.audit.queryEvents({ recordedBy: "anonymous" });
  expect(records.map(({ recordedBy, hashVersion }) => [recordedBy, hashVersion])).toEqual([["anonymous", 2]]);
  await tamper("update bellwether.audit_event set recorded_by = 'ml-service'");
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: false, firstBrokenSequence: 1n });
});

test.each([
  ["kind", { kind: "prediction.changed" }],
  ["actor", { actor: "somebody" }],
  ["subject", { subject: "S2" }],
  ["occurred_at", { occurredAt: timestampFromDate(new Date("2026-01-05T10:00:00.124Z")) }],
  ["payload_json", { payloadJson: '{"risk_score":0.1}' }],
] as const)(
  "an id that belongs to an event with another %s is rejected, with its whole message",
  async (field, over) => {
    const first = event();
    await append([first]);
    const second = event({ ...first, ...over });
    const error = await failureOf(append([event(), second]));
    expect([error.code, error.rawMessage]).toEqual([
      Code.AlreadyExists,
      `the id ${first.eventId} belongs to a recorded event with another ${field}; nothing of the message was recorded: give each event an id of its own`,
    ]);
    // Also within one message.
    expect((await failureOf(append([event({ ...first, eventId: second.eventId ?? "" }), second]))).code).toBe(
      Code.AlreadyExists,
    );
    expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 1n });
  },
);

test("an event whose payload was erased is a duplicate when it is sent again", async () => {
  const first = event();
  await append([first]);
  await tamper("update bellwether.audit_event set payload = null, salt = null");
  expect(await append([first])).toMatchObject({ appended: 0n, duplicates: 1n });
});

test("kinds that ops-service records itself are not accepted from callers", async () => {
  for (const kind of ["alert.resolved", "run.completed", "events.missing", "key.created"])
    expect(await reasonOf(append([event(), event({ kind })]))).toEqual([Code.PermissionDenied, "AUDIT_KIND"]);
  expect((await ops.audit.queryEvents({})).records).toEqual([]);
});

test("a gap in the events of a producer is an event", async () => {
  const producer = randomUUID();
  const of = (sequence: number) => event({ payloadJson: JSON.stringify({ producer, sequence }) });
  const first = of(1);
  expect(await append([first, of(2)], [of(5), of(6)])).toMatchObject({ appended: 4n });
  expect(await append([first])).toMatchObject({ appended: 0n, duplicates: 1n });
  expect(await append([of(7)])).toMatchObject({ appended: 1n });
  const { records } = await ops.audit.queryEvents({ kind: "events.missing" });
  expect(records.map(({ event: missing, recordedBy }) => [JSON.parse(missing?.payloadJson ?? ""), recordedBy])).toEqual(
    [[{ producer, first_sequence: 3, last_sequence: 4, events: 2 }, "ops-service"]],
  );
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 6n });
});

test("a reader that continues after a sequence misses no event, whenever it happened", async () => {
  const at = (second: number) => event({ occurredAt: { seconds: BigInt(second), nanos: 0 } });
  await append([at(30), at(20)]);
  const read = async (afterSequence: bigint, pageSize = 500) =>
    (await ops.audit.queryEvents({ afterSequence, pageSize })).records.map(({ sequence }) => sequence);
  expect(await read(0n, 1)).toEqual([1n]);
  expect(await read(1n)).toEqual([2n]);
  // A late event is behind all that was read.
  await append([at(-10)]);
  expect(await read(2n)).toEqual([3n]);
  expect(await read(3n)).toEqual([]);
  expect(await reasonOf(ops.audit.queryEvents({ afterSequence: 0n, pageToken: "x" }))).toEqual([
    ...[Code.InvalidArgument, "PAGE_TOKEN"],
  ]);
});

test("after a run, a checkpoint is signed, and the report has the one before", async () => {
  const { signing, signer } = await startSigning();
  await append([event(), event()]);
  await runWeek(signing, "2026-W01", [{ id: "s1", score: 0.9 }]);
  await vi.waitFor(async () => {
    const { checkpoints, publicKey } = await signing.audit.listCheckpoints({});
    expect(checkpoints.length).toBeGreaterThan(1);
    expect(publicKey).toBe(signer.publicKeyPem);
  });
  const { content } = await signing.reports.getReport({ isoWeek: "2026-W01" });
  const { audit_checkpoint: reported } = JSON.parse(content);
  expect(reported).toMatchObject({ bellwether_audit_checkpoint: 1, sequence: 2, key_id: signer.id });
  const checkpoints = [JSON.stringify(reported)];
  expect(await signing.audit.verifyChain({ checkpoints })).toMatchObject({ holds: true });
});

test("a log that was cut with its checkpoints, and one that was written anew, do not match a checkpoint kept elsewhere", async () => {
  const { signing } = await startSigning();
  await append([event(), event(), event()]);
  await runWeek(signing, "2026-W01", [{ id: "s1", score: 0.9 }]);
  const { checkpoints: all } = await vi.waitFor(async () => {
    const page = await signing.audit.listCheckpoints({});
    expect(page.checkpoints.length).toBeGreaterThan(1);
    return page;
  });
  const [kept] = all;
  if (!kept) throw new Error("no checkpoint");
  await tamper(`with cut as (delete from bellwether.audit_event where sequence > 2), gone as (delete from bellwether.audit_checkpoint)
    update bellwether.audit_head set sequence = 2, hash = (select hash from bellwether.audit_event where sequence = 2)`);
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 2n });
  expect(await signing.audit.verifyChain({ checkpoints: [textOf(kept)] })).toMatchObject({
    ...{ holds: false, firstBrokenSequence: 3n },
    firstBrokenReason: `the log ends with record 2, but a checkpoint has record ${kept.sequence}: the end was cut off`,
  });
  expect(await signing.audit.verifyChain({ incremental: true })).toMatchObject({
    holds: false,
    firstBrokenSequence: 3n,
  });
});

test("a forged checkpoint, one of another key, and a text that is none, are errors with a clear sentence", async () => {
  const { signing, signer } = await startSigning();
  await append([event()]);
  const other = checkpointSigner(newCheckpointKey(), "other").sign({ sequence: 1, hash: "0".repeat(64) }, new Date());
  const forged = { ...signer.sign({ sequence: 1, hash: "0".repeat(64) }, new Date()), sequence: 2 };
  const messages = [
    [checkpointText(forged), "checkpoints[0]: the checkpoint of record 2 is forged or damaged"],
    [checkpointText(other), `checkpoints[0]: the checkpoint of record 1 names the key ${other.keyId}`],
    ["{}", "checkpoints[0]: the text is not a checkpoint"],
  ] as const;
  for (const [text, message] of messages) {
    const error = await failureOf(signing.audit.verifyChain({ checkpoints: [text] }));
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining(message)]);
  }
});

test("a query filters by kind, subject, actor and time, and has pages", async () => {
  const later = timestampFromDate(new Date("2026-02-01T00:00:00Z"));
  await append([event(), event({ subject: "S2" }), event({ kind: "model.swapped" }), event({ occurredAt: later })]);
  const count = async (query: Parameters<typeof ops.audit.queryEvents>[0]) =>
    (await ops.audit.queryEvents(query)).records.length;
  expect(await count({ subject: "S2" })).toBe(1);
  expect(await count({ kind: "model.swapped" })).toBe(1);
  expect(await count({ actor: "nobody" })).toBe(0);
  expect(await count({ occurredFrom: later })).toBe(1);
  expect(await count({ occurredBefore: later })).toBe(3);
  const first = await ops.audit.queryEvents({ pageSize: 3 });
  const second = await ops.audit.queryEvents({ pageSize: 3, pageToken: first.nextPageToken });
  expect([...first.records, ...second.records].map(({ sequence }) => sequence)).toEqual([4n, 3n, 2n, 1n]);
  expect(second.nextPageToken).toBe("");
});

test("a query orders by occurred_at, whenever an event was recorded, and pages through events of the same time", async () => {
  const at = (second: number) => event({ occurredAt: { seconds: BigInt(second), nanos: 0 } });
  await append([at(30), at(10)], [at(20), at(20), at(20)], [at(-10), at(0)]);
  const seen: (bigint | undefined)[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.audit.queryEvents({ pageSize: 2, pageToken });
    seen.push(...page.records.map(({ sequence }) => sequence));
    if (page.nextPageToken === "") break;
    pageToken = page.nextPageToken;
  }
  expect(seen).toEqual([1n, 5n, 4n, 3n, 2n, 7n, 6n]);
});

test("an invalid event is rejected together with all events of its message", async () => {
  for (const wrong of [
    event({ payloadJson: "[1]" }),
    event({ payloadJson: "{" }),
    event({ eventId: "7" }),
    event({ kind: "No Kind" }),
    event({ occurredAt: { seconds: 2n ** 60n, nanos: 0 } }),
    event({ actor: "a\0b" }),
  ])
    expect((await failureOf(append([event(), wrong]))).code).toBe(Code.InvalidArgument);
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 0n });
});

test("the texts about a supplier are erased, which is an event, and the log still verifies", async () => {
  await runWeek(ops, "2026-W01", [
    { id: "s1", score: 0.9 },
    { id: "s2", score: 0.9 },
  ]);
  await append([event({ subject: "s1" }), event({ subject: "s1" }), event({ subject: "s2" })]);
  const { alerts } = await ops.alerts.listAlerts({ supplierId: "s1" });
  const alertId = alerts[0]?.alertId ?? "";
  await ops.alerts.acknowledgeAlert({ ...(await seenAlert(ops, alertId)), note: "spoke to Ada" });
  const erased = await ops.audit.eraseSubject({ supplierId: "s1", reason: "request of the person" });
  expect(erased).toMatchObject({ payloads: 3n, notes: 1n, name: true, reports: 1n, notices: 0n, outcomeNotes: 0n });
  expect(erased.notErased.length).toBeGreaterThan(0);
  const { supplier } = await ops.suppliers.getSupplier({ supplierId: "s1" });
  expect(supplier?.name).toBe("");
  const { content } = await ops.reports.getReport({ isoWeek: "2026-W01" });
  const report = String(content);
  expect([report.includes("Name of s1"), report.includes("Name of s2")]).toEqual([false, true]);
  expect((await ops.alerts.getAlert({ alertId })).events.map(({ note }) => note).join("")).not.toContain("Ada");
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, erasedPayloads: 3n });
  const { records } = await ops.audit.queryEvents({ kind: "subject.erased" });
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toMatchObject({
    reason: "request of the person",
    payloads: 3,
  });
  // A repetition erases nothing more, and the event of the first one stays.
  expect(await ops.audit.eraseSubject({ supplierId: "s1", reason: "again" })).toMatchObject({
    payloads: 0n,
    name: false,
  });
  expect((await ops.audit.queryEvents({ kind: "subject.erased" })).records).toHaveLength(2);
  expect(await reasonOf(ops.audit.eraseSubject({ supplierId: "nobody", reason: "x" }))).toEqual([
    ...[Code.NotFound, "SUPPLIER_NOT_FOUND"],
  ]);
});

test("notices, notes of outcomes and reasons of overrides are erased too, and those of other suppliers stay", async () => {
  await runWeek(ops, "2026-W01", [
    { id: "s1", score: 0.9 },
    { id: "s2", score: 0.9 },
  ]);
  const item = (supplierId: string) => ({ supplierId, supplierName: `Name of ${supplierId}`, reasons: ["disputes 7"] });
  const pool = await openPostgres(url, { max: 1 });
  onTestFinished(() => pool.close());
  const values = [JSON.stringify([item("s2"), item("s1")]), JSON.stringify([item("s2")]), JSON.stringify(item("s1"))];
  await pool.query(
    `insert into bellwether.notice (id, destination, channel, kind, recipient, items, dropped_items, created_at, state, next_attempt_at)
     select gen_random_uuid(), 'desk', 'webhook', 'alerts', 'desk', items::jsonb, 0, now(), 'delivered', now() from unnest($1::text[]) items`,
    [values.slice(0, 2)],
  );
  await pool.query(
    "insert into bellwether.notice_item (destination, kind, recipient, due_at, item) values ('desk', 'digest', 'desk', now(), $1::jsonb)",
    [values[2]],
  );
  await ops.outcomes.recordOutcomes({
    requestId: randomUUID(),
    rows: ["s1", "s2"].map((supplierId) => ({
      ...{ supplierId, isoWeek: "2026-W01", value: OutcomeValue.NOT_OCCURRED, note: "asked Ada" },
    })),
  });
  const { alerts } = await ops.alerts.listAlerts({ supplierId: "s1" });
  const alertId = alerts[0]?.alertId ?? "";
  const until = timestampFromDate(new Date(Date.now() + 86_400_000));
  const override = { severity: AlertSeverity.WARNING, reason: "Ada said so", until };
  await ops.alerts.overrideAlert({ ...(await seenAlert(ops, alertId)), ...override });
  const erased = await ops.audit.eraseSubject({ supplierId: "s1", reason: "request of the person" });
  expect(erased).toMatchObject({ notices: 2n, outcomeNotes: 1n });
  expect(erased.overrideReasons).toBeGreaterThanOrEqual(1n);
  const stored = await pool.query<{ items: string }>("select items::text from bellwether.notice order by id");
  const waiting = await pool.query<{ items: string }>("select item::text as items from bellwether.notice_item");
  const texts = [...stored.rows, ...waiting.rows].map(({ items }) => items).join();
  expect([texts.includes("Name of s1"), texts.split("Name of s2").length - 1]).toEqual([false, 2]);
  const notes = await pool.query<{ note: string }>("select note from bellwether.outcome order by note");
  expect(notes.rows.map(({ note }) => note)).toEqual(["", "asked Ada"]);
  const { rows } = await pool.query<{ all: string }>(
    `select string_agg(t, '') as all from (select override::text t from bellwether.alert union all select before::text from bellwether.alert_event
     union all select before::text || after::text from bellwether.alert_run_change) x`,
  );
  expect(rows[0]?.all).not.toContain("Ada said so");
  // A second call finds nothing more.
  expect(await ops.audit.eraseSubject({ supplierId: "s1", reason: "again" })).toMatchObject({
    ...{ notices: 0n, outcomeNotes: 0n, overrideReasons: 0n },
  });
});
