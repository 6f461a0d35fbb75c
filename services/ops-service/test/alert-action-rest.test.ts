import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresServer;
let ops: OpsHarness;
let alertId: string;
let databaseUrl: string;

beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ops = await startOps(databaseUrl);
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  alertId = (await ops.alerts.listAlerts({})).alerts[0]?.alertId ?? "";
}, 60_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function post(body: unknown) {
  const response = await fetch(`${ops.webUrl}/alerts/action`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}
/** Within the longest times of the alert rules. */
const NEXT_YEAR = new Date(Date.now() + 360 * 86_400_000).toISOString();
const target = async () => ({
  alert_id: alertId,
  version: Number((await ops.alerts.getAlert({ alertId })).alert?.version),
});

test("the actions change the alert one after the other", async () => {
  const act = async (fields: object) => (await post({ ...(await target()), ...fields })).body.alert;
  expect(await act({ action: "assign", owner: "ana" })).toMatchObject({ alert_id: alertId, owner: "ana" });
  expect(await act({ action: "acknowledge", note: "x".repeat(2000) })).toMatchObject({ state: "acknowledged" });
  expect(await act({ action: "start_mitigation" })).toMatchObject({ state: "in_mitigation" });
  const resolved = await act({ action: "resolve", disposition: "mitigated", note: "done" });
  expect(resolved).toMatchObject({ state: "resolved", disposition: "mitigated" });
  expect(await act({ action: "reopen", note: "again" })).toMatchObject({ state: "open" });
  const accepted = { action: "resolve", disposition: "accepted", accepted_until: NEXT_YEAR };
  expect(await act(accepted)).toMatchObject({ disposition: "accepted", accepted_until: NEXT_YEAR });
  expect(await act({ action: "reopen" })).toMatchObject({ state: "open" });
});

test("snooze, comment, override and undo change the alert, and the same request again changes nothing", async () => {
  const twice = async (fields: object) => {
    const request = { ...(await target()), ...fields };
    const [first, again] = [await post(request), await post(request)];
    expect([first.status, again.status], JSON.stringify([first.body, again.body])).toEqual([200, 200]);
    expect(again.body.alert.version).toBe(first.body.alert.version);
    return first.body.alert;
  };
  const until = NEXT_YEAR;
  const snoozed = await twice({ action: "snooze", until, until_worse: true, min_rise: 0.2, note: "later" });
  expect(snoozed.snooze).toMatchObject({ until: NEXT_YEAR, until_worse: true, min_rise: 0.2 });
  expect((await twice({ action: "undo" })).snooze ?? null).toBeNull();
  const day = NEXT_YEAR.slice(0, 10);
  expect((await twice({ action: "snooze", until: day })).snooze).toMatchObject({ until: `${day}T23:59:59.000Z` });
  await twice({ action: "undo" });
  await twice({ action: "comment", comment: "called them" });
  const { events } = await ops.alerts.getAlert({ alertId });
  expect(JSON.stringify(events, (_, value) => (typeof value === "bigint" ? String(value) : value))).toContain(
    "called them",
  );
  const overridden = await twice({ action: "override", severity: "warning", until, reason: "known" });
  expect(JSON.stringify(overridden)).toContain("known");
  await twice({ action: "override", severity: null, band: null, reason: "over" });
});

test("an id in upper case names the same alert: in the answer, in a list of actions, and as its own duplicate", async () => {
  const upper = alertId.toUpperCase();
  const answer = await post({ ...(await target()), alert_id: upper, action: "comment", comment: "in upper case" });
  expect(answer).toMatchObject({ status: 200, body: { alert: { alert_id: alertId } } });
  const { version } = await target();
  const value = { alertId: upper, version: BigInt(version), comment: "in a list" };
  const { results } = await ops.alerts.decideAlerts({ actions: [{ action: { case: "comment", value } }] });
  expect(results).toMatchObject([{ alertId, alert: { alertId } }]);
  expect((await ops.alerts.getAlert({ alertId: upper })).alert?.alertId).toBe(alertId);
  const own = { action: "resolve", disposition: "duplicate", duplicate_of_alert_id: upper };
  const rejected = await post({ ...(await target()), ...own });
  expect([rejected.status, JSON.stringify(rejected.body)]).toEqual([
    400,
    expect.stringContaining("is the alert itself"),
  ]);
});

test.each([
  [{ action: "resolve", disposition: "duplicate" }, 400, "duplicate_of_alert_id: is required"],
  [{ action: "resolve", disposition: "duplicate", duplicate_of_alert_id: newUuidV7() }, 400, "no alert has this id"],
  [{ action: "resolve", disposition: "accepted", accepted_until: "soon" }, 400, '"field":"accepted_until"'],
  [{ action: "acknowlege" }, 400, 'did you mean \\"acknowledge\\"'],
  [{ action: "acknowledge", owner: "x" }, 400, "owner"],
  [{ action: "acknowledge", version: 0 }, 400, "version"],
  [{ action: "acknowledge", version: "1" }, 400, "version"],
  [{ action: "acknowledge", version: 2 ** 53 }, 400, "version"],
  [{ action: "acknowledge", version: 1_000_000 }, 409, "ALERT_CHANGED"],
  [{ action: "acknowledge", note: "x".repeat(2001) }, 400, '"field":"note"'],
  [{ action: "acknowledge", note: 1 }, 400, "note"],
  [{ action: "acknowledge", alert_id: "a" }, 400, '"field":"alert_id"'],
  [{ action: "acknowledge", alert_id: "7d444840-9dc0-11d1-b245-5ffdce74fad2" }, 404, "7d444840"],
  [{ action: "resolve", disposition: "lost" }, 400, "disposition"],
  [
    { action: "resolve", disposition: "void" },
    400,
    'disposition: \\"void\\" does not exist; known: mitigated, accepted, duplicate, false_data, false_model',
  ],
  [
    { action: "resolve" },
    400,
    "disposition: is missing; expected one of mitigated, accepted, false_data, false_model, duplicate",
  ],
  [
    { action: "resolve", disposition: "mitigated", accepted_until: NEXT_YEAR },
    400,
    "accepted_until: is only for the disposition accepted; leave it out",
  ],
  [{ action: "acknowledge", note: " \u00a0" }, 400, "note: expected a text with at least one visible character"],
  [{ action: "assign", owner: " " }, 400, "owner: expected a text in one line"],
  [{ action: "snooze", until: "9999-12-31T23:59:59Z" }, 400, "until: is more than 366 days ahead"],
  [{ action: "assign" }, 400, "owner"],
  [{ action: "assign", owner: null }, 400, 'owner: is missing; \\"\\" removes the owner'],
  [{ action: "assign", owner: "Ada \u202eecila" }, 400, "owner: has characters that change the text direction"],
  [{ action: "snooze", until: "" }, 400, 'until: \\"\\" is not a time'],
  [{ action: "snooze", until: null }, 400, 'until: \\"\\" is not a time'],
  [{ action: "resolve", disposition: "accepted", accepted_until: "" }, 400, 'accepted_until: \\"\\" is not a time'],
  [{ action: "override", band: "low", reason: "x", until: null }, 400, 'until: \\"\\" is not a time'],
  [{ action: "snooze", until: "tomorrow" }, 400, "2027-01-31T12:00:00Z"],
  [{ action: "snooze", until: "2027-02-30" }, 400, "expected a day such as 2027-01-31 (until its end, UTC)"],
  [{ action: "snooze", until: "2001-01-01" }, 400, "until: is not in the future"],
  [{ action: "snooze", until: "2001-01-01T00:00:00Z" }, 400, "until"],
  [{ action: "snooze", until_worse: "yes" }, 400, "until_worse"],
  [{ action: "snooze", until_worse: true, min_rise: 2 }, 400, '"field":"min_rise"'],
  [{ action: "snooze", disposition: "accepted" }, 400, "disposition"],
  [{ action: "comment" }, 400, '"field":"comment"'],
  [{ action: "comment", note: "x" }, 400, "note"],
  [{ action: "comment", comment: "a\u0000b" }, 400, '"field":"comment"'],
  [{ action: "override", reason: "x" }, 400, "null for both ends the present override"],
  [{ action: "override", severity: "huge", reason: "x" }, 400, "severity"],
  [{ action: "override", band: "low", until: NEXT_YEAR }, 400, '"reason: must not be empty"'],
  [{ action: "override", band: "low", reason: "x" }, 400, "until"],
  [{ action: "undo", note: "x" }, 400, "note"],
  [{ action: "undo", version: 1_000_000 }, 409, "ALERT_CHANGED"],
])("%j is a problem with status %i that names %s and changes nothing", async (fields, status, expected) => {
  const before = await target();
  const answer = await post({ ...before, ...fields });
  expect([answer.status, answer.type]).toEqual([status, "application/problem+json"]);
  expect(JSON.stringify(answer.body)).toContain(expected);
  expect(await target()).toEqual(before);
});

test.each([[[]], [null], ["x"]])("the body %j is a problem", async (body) => {
  expect((await post(body)).status).toBe(400);
});

describe("Idempotency-Key", () => {
  const send = async (key: string, body: unknown) => {
    const headers = { "idempotency-key": key };
    const response = await fetch(`${ops.webUrl}/alerts/action`, {
      method: "POST",
      body: JSON.stringify(body),
      headers,
    });
    return {
      status: response.status,
      replayed: response.headers.get("idempotency-replayed"),
      body: await response.json(),
    };
  };

  test("the same request again has the first answer, also after the alert has changed", async () => {
    const request = { ...(await target()), action: "comment", comment: "once" };
    const first = await send("key-1", request);
    expect(first).toMatchObject({ status: 200, replayed: null });
    await post({ ...(await target()), action: "comment", comment: "between" });
    const version = (await target()).version;
    // A string of structured fields is the same key.
    for (const key of ["key-1", '"key-1"'])
      expect(await send(key, request)).toEqual({ status: 200, replayed: "true", body: first.body });
    expect((await target()).version).toBe(version);
  });

  test("of equal requests at the same time, one has the effect, and the others its answer as a repetition", async () => {
    for (let round = 0; round < 10; round++) {
      const request = { ...(await target()), action: "comment", comment: "at the same time" };
      const answers = await Promise.all(Array.from({ length: 6 }, () => send(`key-2-${round}`, request)));
      expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
      expect(answers.map(({ replayed }) => replayed).sort()).toEqual([null, ...Array(5).fill("true")].sort());
      expect(new Set(answers.map(({ body }) => JSON.stringify(body)))).toHaveLength(1);
      expect((await target()).version).toBe(request.version + 1);
    }
  });

  test("of different requests with one key at the same time, one is performed, and the others are 409", async () => {
    const before = await target();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((i) => send("key-2-other", { ...before, action: "comment", comment: `text ${i}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const rejected = answers.filter(({ status }) => status === 409).map(({ body }) => body.reason);
    expect(rejected).toEqual(Array(3).fill("REQUEST_KEY_MISMATCH"));
    expect((await target()).version).toBe(before.version + 1);
  });

  test("the same key with another request is 409 with its reason, and changes nothing", async () => {
    await send("key-3", { ...(await target()), action: "comment", comment: "first" });
    const before = await target();
    for (const body of [
      { ...before, action: "comment", comment: "second" },
      { ...before, action: "acknowledge" },
    ])
      expect(await send("key-3", body)).toMatchObject({ status: 409, body: { reason: "REQUEST_KEY_MISMATCH" } });
    expect(await target()).toEqual(before);
  });

  test("a request that failed is performed when it is sent again", async () => {
    const { version, ...alert } = await target();
    const request = { ...alert, version: version + 1, action: "comment", comment: "early" };
    expect((await send("key-4", request)).status).toBe(409);
    await post({ ...(await target()), action: "comment", comment: "now it is" });
    expect(await send("key-4", request)).toMatchObject({ status: 200, replayed: null });
  });

  test.each(["", "a b", "\u00e4", '"a', "x".repeat(256)])("the key %j is 400 and names the header", async (key) => {
    const before = await target();
    const answer = await send(key, { ...before, action: "comment", comment: "x" });
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining("idempotency-key")]);
    expect(await target()).toEqual(before);
  });

  test("keys that are older than a day are removed, and can be used again", async () => {
    const pool = await openPostgres(databaseUrl, { max: 1 });
    onTestFinished(() => pool.close());
    await send("key-5", { ...(await target()), action: "comment", comment: "old" });
    await pool.query("update bellwether.request_key set created_at = now() - interval '25 hours'");
    expect(await send("key-5", { ...(await target()), action: "comment", comment: "new" })).toMatchObject({
      ...{ status: 200, replayed: null },
    });
    const { rows } = await pool.query("select key from bellwether.request_key");
    expect(rows).toEqual([{ key: "key-5" }]);
  });

  test("an old key can be used again although there are more old keys than one request removes", async () => {
    const pool = await openPostgres(databaseUrl, { max: 1 });
    onTestFinished(() => pool.close());
    await send("key-7", { ...(await target()), action: "comment", comment: "old" });
    await pool.query(
      `insert into bellwether.request_key (caller, key, digest, created_at)
       select 'other', 'old-' || i, '', now() - interval '30 hours' from generate_series(1, 300) i`,
    );
    await pool.query("update bellwether.request_key set created_at = now() - interval '25 hours' where key = 'key-7'");
    const request = { ...(await target()), action: "comment", comment: "new" };
    expect(await send("key-7", request)).toMatchObject({ status: 200, replayed: null });
    expect(await send("key-7", request)).toMatchObject({ status: 200, replayed: "true" });
    await pool.query("delete from bellwether.request_key where caller = 'other'");
  });

  test("a caller has at most 10,000 keys", async () => {
    const pool = await openPostgres(databaseUrl, { max: 1 });
    onTestFinished(() => pool.close());
    const { rows } = await pool.query("select distinct caller from bellwether.request_key");
    await pool.query(
      "insert into bellwether.request_key (caller, key, digest) select $1, 'many-' || i, '' from generate_series(2, 10000) i",
      [rows[0].caller],
    );
    const before = await target();
    const answer = await send("key-6", { ...before, action: "comment", comment: "one too many" });
    expect(answer).toMatchObject({ status: 429, body: { reason: "REQUEST_KEY_LIMIT" } });
    expect(await target()).toEqual(before);
  });
});

test("an alert is a duplicate of one about the same supplier, or about one that is merged with it", async () => {
  await runWeek(ops, "2026-W02", [
    { id: "a", score: 0.9 },
    { id: "b", score: 0.9 },
  ]);
  const [seen] = (await ops.alerts.listAlerts({ supplierId: "b" })).alerts;
  const duplicate = { action: "resolve", disposition: "duplicate", duplicate_of_alert_id: alertId };
  const resolve = () => post({ alert_id: seen?.alertId, version: Number(seen?.version), ...duplicate });
  const rejected = await resolve();
  expect([rejected.status, JSON.stringify(rejected.body)]).toEqual([
    400,
    expect.stringContaining("is about the supplier a, and this alert about b; name an alert about b, or merge"),
  ]);
  const versionOf = async (supplierId: string) =>
    (await ops.merges.getSupplierIdentity({ supplierId })).supplier?.version ?? "";
  const versions = { survivorVersion: await versionOf("a"), mergedVersion: await versionOf("b") };
  await ops.merges.mergeSuppliers({ survivorId: "a", mergedId: "b", reason: "the same company", ...versions });
  expect((await resolve()).body.alert).toMatchObject({ disposition: "duplicate", duplicate_of_alert_id: alertId });
});
