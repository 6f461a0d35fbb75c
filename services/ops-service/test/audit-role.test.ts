import { randomUUID } from "node:crypto";
import { serviceRoleUrl } from "@bellwether/postgres/embedded/service-role-url";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

let cluster: PostgresCluster;
let ownerUrl = "";
let ops: OpsHarness;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  ownerUrl = await cluster.createDatabase();
  // The database has tables of a release with one role.
  await (await startOps(ownerUrl))[Symbol.asyncDispose]();
  ops = await startOps(serviceRoleUrl(ownerUrl), { databaseOwnerUrl: ownerUrl });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function as(url: string, statement: string): Promise<string> {
  const pool = await openPostgres(url, { max: 1 });
  try {
    await pool.query(statement);
    return "done";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await pool.close();
  }
}

async function appendOne(subject: string): Promise<void> {
  const one = { eventId: randomUUID(), kind: "prediction.served", actor: "a", subject, occurredAt: timestampNow() };
  await ops.audit.appendEvents(
    (async function* () {
      yield { events: [{ ...one, payloadJson: '{"a":1}' }] };
    })(),
  );
}

test("weeks, alerts, decisions and events work with the role of the service", async () => {
  for (const week of ["2026-W01", "2026-W02"])
    await runWeek(ops, week, [
      { id: "s1", score: 0.9 },
      { id: "s2", score: 0.2 },
    ]);
  const { alerts } = await ops.alerts.listAlerts({});
  const [alert] = alerts;
  if (!alert) throw new Error("no alert");
  const seen = await seenAlert(ops, alert.alertId);
  await ops.alerts.acknowledgeAlert({ ...seen, note: "seen" });
  await appendOne("S1");
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, rewritableReason: "" });
});

test.each([
  ["update bellwether.audit_event set actor = 'x'", "permission denied for table audit_event"],
  ["update bellwether.audit_event set hash = 'x'", "permission denied for table audit_event"],
  ["delete from bellwether.audit_event", "permission denied for table audit_event"],
  ["truncate bellwether.audit_event", "permission denied for table audit_event"],
  ["drop table bellwether.audit_event", "must be owner of table audit_event"],
  ["alter table bellwether.audit_event disable trigger all", "must be owner of table audit_event"],
  ["delete from bellwether.audit_checkpoint", "permission denied for table audit_checkpoint"],
  ["update bellwether.audit_checkpoint set hash = 'x'", "permission denied for table audit_checkpoint"],
  ["drop schema bellwether cascade", "must be owner of schema bellwether"],
  ["set session_replication_role = replica", "permission denied to set parameter"],
  ["update bellwether.audit_event set payload = '{}'", "records of the audit log cannot be changed"],
])("the role of the service may not run: %s", async (statement, message) => {
  await appendOne("S2");
  expect(await as(serviceRoleUrl(ownerUrl), statement)).toContain(message);
});

test("the role can erase payloads, and nothing else of a record", async () => {
  await appendOne("S3");
  const url = serviceRoleUrl(ownerUrl);
  expect(await as(url, "update bellwether.audit_event set payload = null, salt = null where subject = 'S3'")).toBe(
    "done",
  );
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, erasedPayloads: 1n });
});

test("also the owner does not change records by accident", async () => {
  await appendOne("S4");
  for (const statement of [
    "update bellwether.audit_event set actor = 'x'",
    "delete from bellwether.audit_event",
    "truncate bellwether.audit_event",
  ])
    expect(await as(ownerUrl, statement)).toContain("records of the audit log cannot be changed");
});

test("with one role, the service works and says that it can rewrite the log", async () => {
  await using single = await startOps(await cluster.createDatabase());
  const { rewritableReason } = await single.audit.verifyChain({});
  expect(rewritableReason).toBe('the database role "bellwether" is a superuser');
});

test("an owner who may not prepare the role gets one line that says so", async () => {
  const url = new URL(await cluster.createDatabase());
  expect(await as(url.href, "create role plain login password 'plain'")).toBe("done");
  expect(await as(url.href, "create extension pg_trgm")).toBe("done");
  expect(await as(url.href, `grant create on database "${url.pathname.slice(1)}" to plain`)).toBe("done");
  const owner = new URL(url);
  [owner.username, owner.password] = ["plain", "plain"];
  const service = new URL(url);
  [service.username, service.password] = ["plain_service", "x"];
  await expect(startOps(service.href, { databaseOwnerUrl: owner.href })).rejects.toThrow(
    /^the role of DATABASE_OWNER_URL cannot prepare the role "plain_service" of DATABASE_URL: .*\. docs\/audit\.md has/,
  );
});
