import { randomUUID } from "node:crypto";
import type { AuditEventSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { failureOf, type OpsHarness, startOps } from "./ops-harness.ts";

type Event = MessageInitShape<typeof AuditEventSchema>;

let cluster: PostgresCluster;
let ops: OpsHarness;
let url = "";

beforeAll(async () => {
  cluster = await startPostgresCluster();
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

async function tamper(statement: string): Promise<void> {
  const pool = await openPostgres(url, { max: 1 });
  await pool.query(statement);
  await pool.close();
}

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

test("the chain still holds after a payload is erased", async () => {
  await append([event(), event()]);
  await tamper("update bellwether.audit_event set payload = null where sequence = 1");
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: 2n });
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
