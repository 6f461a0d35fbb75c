import { setTimeout as delay } from "node:timers/promises";
import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import {
  NoNoticesReason,
  NoticeOutcome,
  NoticeRuleKind,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { hasRedis, type RedisServer, startRedis } from "@bellwether/testing/redis-server";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { DeliveryOutcome, Notice, NoticeSender } from "../src/domain/notices/notice.ts";
import type { NoticeConfig } from "../src/notices.ts";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });
const WAIT = { timeout: 30_000, interval: 20 };

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const ROUTES = `
destinations:
  - { name: room, channel: slack, address_from: NOTICE_ROOM }
  - { name: erp, channel: webhook, address: "https://erp.example.org/" }
  - { name: jane, channel: mail, address: jane@example.org, digest: { at: "07:30" } }
owners: [{ owner: jane, to: [jane] }]
routes:
  - { name: all, to: [erp] }
  - { name: critical, severities: [critical], to: [room, owner] }
  - { name: rest, severities: [warning], to: [owner], deliver: digest }
escalation: { after_hours: 48, to: [room] }
`;

/** A receiver in memory: what each destination received, and what it answers. */
function createReceiver() {
  const received: { readonly destination: string; readonly notice: Notice }[] = [];
  const answers = new Map<string, (notice: Notice, signal: AbortSignal) => Promise<DeliveryOutcome>>();
  const send: NoticeSender["send"] = async (notice, { name }, signal) => {
    received.push({ destination: name, notice });
    return (await answers.get(name)?.(notice, signal)) ?? { kind: "delivered", detail: "received" };
  };
  const at = (destination: string) =>
    received.filter((one) => one.destination === destination).map(({ notice }) => notice);
  const suppliersAt = (destination: string) =>
    at(destination).flatMap(({ items }) => items.map(({ supplierId }) => supplierId));
  return { received, answers, at, suppliersAt, sender: { send, close: async () => {} } };
}

function config(queueUrl: string, sender: NoticeSender, text = ROUTES): NoticeConfig {
  const routes = parseNoticeRoutes(parseYaml(`version: 1${text}`, "routes.yaml"));
  const destinations = routes.destinations.map(({ name, channel, allowPrivateNetworks }) => ({
    ...{ name, channel, allowPrivateNetworks, address: `https://${name}.example.org/`, secret: null },
  }));
  const publicUrl = new URL("https://risk.example.org/");
  return { routes, destinations, sender, isDelivering: true, queueUrl, publicUrl };
}

async function start(
  databaseUrl: string,
  receiver: ReturnType<typeof createReceiver>,
  { queueUrl = databaseUrl, now, text }: { queueUrl?: string; now?: () => Date; text?: string } = {},
) {
  const ops = await startOps(databaseUrl, {
    notices: config(queueUrl, receiver.sender, text),
    ...(now && { now }),
  });
  onTestFinished(() => ops[Symbol.asyncDispose]());
  const notices = createClient(NoticeService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  return { ...ops, notices };
}

/** Waits until everything that happened is delivered or dead. */
async function isSettled(databaseUrl: string): Promise<void> {
  const pool = await openPostgres(databaseUrl, { max: 1 });
  try {
    await vi.waitFor(async () => {
      const { rows } = await pool.query(`select (select count(*)::int from bellwether.notice_event)
        + (select count(*)::int from bellwether.notice where state = 'waiting') as waiting`);
      expect(rows[0]?.waiting).toBe(0);
    }, WAIT);
  } finally {
    await pool.close();
  }
}

async function alertOf({ alerts }: Pick<OpsHarness, "alerts">, supplierId: string) {
  return (await alerts.listAlerts({ supplierId })).alerts[0]?.alertId ?? "";
}

const VALUES = [0.75, 100, 8, 0];

test("a run makes one notice per destination, with names, reasons and links; the same run again makes none", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver);
  const rows = [
    { id: "high", score: 0.9, exposure: 1_000, values: VALUES },
    { id: "a/b ü", score: 0.95, exposure: 10, values: VALUES },
    { id: "low", score: 0.1, values: VALUES },
  ];
  await runWeek(ops, "2026-W01", rows);
  await vi.waitFor(() => expect(receiver.received).toHaveLength(2), WAIT);
  const [notice] = receiver.at("room");
  expect(notice).toMatchObject({
    kind: "alerts",
    recipient: "room",
    droppedItems: 0,
    pageUrl: "https://risk.example.org/#/alerts",
  });
  expect(notice?.noticeId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(notice?.items.map(({ supplierId }) => supplierId)).toEqual(["high", "a/b ü"]);
  expect(notice?.items[0]).toMatchObject({
    ...{ supplierName: "Name of high", severity: "critical", cause: "raised", actor: "rules", owner: "" },
    ...{ isoWeek: "2026-W01", modelName: "supplier-risk", score: 0.9, previousScore: null, expectedLoss: 900 },
    ...{
      currency: "EUR",
      reasons: ["late ratio 0.75 (typical 0.25)", "age 8 years (typical 8)"],
      url: "https://risk.example.org/#/suppliers/high",
    },
  });
  expect(notice?.items[1]?.url).toBe("https://risk.example.org/#/suppliers/a%2Fb%20%C3%BC");
  await runWeek(ops, "2026-W02", rows);
  await isSettled(databaseUrl);
  expect(receiver.received).toHaveLength(2);
});

test("critical scores that move around the limit for 52 weeks make one notice", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver);
  for (let week = 1; week <= 52; week++)
    await runWeek(ops, `2025-W${String(week).padStart(2, "0")}`, [
      { id: "flaps", score: week % 2 ? 0.8585 : 0.8415 },
      { id: "rest", score: 0.1 },
    ]);
  await isSettled(databaseUrl);
  expect(receiver.suppliersAt("erp")).toEqual(["flaps"]);
});

test("an action whose transaction fails makes no notice; an assignment to another person makes one, in time", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver);
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  await isSettled(databaseUrl);
  const seen = await seenAlert(ops, await alertOf(ops, "a"));
  await failureOf(ops.alerts.assignAlert({ ...seen, version: 7n, owner: "jane" }));
  await ops.alerts.assignAlert({ ...seen, owner: "jane" });
  // The answer to the first request was lost.
  await ops.alerts.assignAlert({ ...seen, owner: "jane" });
  await vi.waitFor(() => expect(receiver.at("jane")).toHaveLength(1), WAIT);
  expect(receiver.at("jane")[0]).toMatchObject({
    ...{ kind: "alerts", recipient: "jane", items: [{ supplierId: "a", cause: "assigned", owner: "jane" }] },
  });
  const again = await seenAlert(ops, seen.alertId);
  await ops.alerts.assignAlert({ ...again, owner: "nobody-known" });
  await isSettled(databaseUrl);
  expect(receiver.received).toHaveLength(3);
});

test("digests collect until their time, and have one item per supplier with the latest score", async () => {
  let now = new Date("2026-03-16T12:00:00Z");
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver, { now: () => now });
  const pool = await openPostgres(databaseUrl, { max: 1 });
  onTestFinished(() => pool.close());
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.1 }]);
  await pool.query("update bellwether.supplier set owner = 'jane'");
  await runWeek(ops, "2026-W02", [{ id: "a", score: 0.75 }]);
  await runWeek(ops, "2026-W03", [{ id: "a", score: 0.76 }]);
  await vi.waitFor(() => expect(receiver.at("erp").length).toBeGreaterThan(0), WAIT);
  await vi.waitFor(
    async () => expect((await pool.query("select from bellwether.notice_item")).rowCount).toBeGreaterThan(0),
    WAIT,
  );
  await isSettled(databaseUrl);
  expect(receiver.at("jane")).toEqual([]);
  const jane = (await ops.notices.listDestinations({})).destinations.find(({ name }) => name === "jane");
  const [nextDelivery, nextDigest] = [jane?.nextDeliveryAt, jane?.nextDigestAt].map((at) => at && timestampDate(at));
  expect([nextDelivery, nextDigest]).toEqual(Array(2).fill(new Date("2026-03-17T07:30:00Z")));
  expect(jane).toMatchObject({ timeZone: "UTC", digest: { minuteOfDay: 450 }, owners: ["jane"], isQuiet: false });
  expect(jane?.collected).toBeGreaterThan(0);
  expect(jane?.rules.map(({ kind, route, inDigest }) => [kind, route, inDigest])).toEqual([
    [NoticeRuleKind.ROUTE, "critical", false],
    [NoticeRuleKind.ROUTE, "rest", true],
    [NoticeRuleKind.ASSIGNMENT, "", false],
    [NoticeRuleKind.WATCHLIST, "", false],
  ]);
  now = new Date("2026-03-17T07:29:59Z");
  await delay(1_200);
  expect(receiver.at("jane")).toEqual([]);
  now = new Date("2026-03-17T07:30:00Z");
  await vi.waitFor(() => expect(receiver.at("jane")).toHaveLength(1), WAIT);
  expect(receiver.at("jane")[0]).toMatchObject({ kind: "digest", recipient: "jane" });
  expect(receiver.at("jane")[0]?.items.map(({ supplierId, score }) => [supplierId, score])).toEqual([["a", 0.76]]);
});

test("a digest leaves out an alert that was resolved before it", async () => {
  let now = new Date("2026-03-16T12:00:00Z");
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const text = ROUTES.replace("to: [owner], deliver: digest", "to: [jane], deliver: digest");
  const ops = await start(databaseUrl, receiver, { now: () => now, text });
  const week = (isoWeek: string) =>
    runWeek(
      ops,
      isoWeek,
      ["open", "over", "rest"].map((id) => ({ id, score: id === "rest" ? 0.1 : 0.75 })),
    );
  await week("2026-W01");
  await week("2026-W02");
  await vi.waitFor(() => expect(receiver.suppliersAt("erp")).toEqual(expect.arrayContaining(["open", "over"])), WAIT);
  const over = await seenAlert(ops, await alertOf(ops, "over"));
  await ops.alerts.resolveAlert({ ...over, disposition: Disposition.MITIGATED });
  // What is gathered after the digest is in the digest of the next day.
  await isSettled(databaseUrl);
  now = new Date("2026-03-17T07:30:00Z");
  await vi.waitFor(() => expect(receiver.suppliersAt("jane")).toEqual(["open"]), WAIT);
});

test("after quiet hours, what was undone or resolved is left out, and the rest has the owner and the note of now", async () => {
  let now = new Date("2026-03-16T20:00:00Z");
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const quiet = 'address: jane@example.org, quiet_hours: { from: "19:00", to: "07:00" } }';
  const bo = "  - { name: bo, channel: mail, address: bo@example.org }\n";
  const text = ROUTES.replace(/address: jane@example.org.*\n/, `${quiet}\n${bo}`).replace(/routes:[\s\S]*$/, "");
  const ops = await start(databaseUrl, receiver, { now: () => now, text });
  await runWeek(
    ops,
    "2026-W01",
    ["kept", "over", "undone"].map((id) => ({ id, score: 0.9 })),
  );
  const assign = async (id: string) => {
    const seen = await seenAlert(ops, await alertOf(ops, id));
    await ops.alerts.assignAlert({ ...seen, owner: "jane", note: `about ${id}` });
    return seenAlert(ops, seen.alertId);
  };
  const undone = await assign("undone");
  await ops.alerts.undoAlertAction(undone);
  await isSettled(databaseUrl);
  now = new Date("2026-03-17T07:00:00Z");
  const listed = async () => (await ops.notices.listNotices({})).notices.map(({ state, reason }) => [state, reason]);
  const leftOut = [NoticeState.LEFT_OUT, "left out: the assignment was undone or changed"];
  await vi.waitFor(async () => expect(await listed()).toEqual([leftOut]), WAIT);
  now = new Date("2026-03-17T20:00:00Z");
  await assign("kept");
  await ops.alerts.resolveAlert({ ...(await assign("over")), disposition: Disposition.MITIGATED });
  await isSettled(databaseUrl);
  expect(receiver.received).toEqual([]);
  now = new Date("2026-03-18T07:00:00Z");
  await vi.waitFor(() => expect(receiver.suppliersAt("jane")).toEqual(["kept"]), WAIT);
  expect(receiver.at("jane")[0]?.items[0]).toMatchObject({ cause: "assigned", owner: "jane", note: "about kept" });
});

test("an alert that nobody acknowledges in time is escalated once; an acknowledged one is not", async () => {
  let now = new Date("2026-03-16T12:00:00Z");
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver, { now: () => now });
  await runWeek(ops, "2026-W01", [
    { id: "left", score: 0.9 },
    { id: "taken", score: 0.9 },
  ]);
  await isSettled(databaseUrl);
  await ops.alerts.acknowledgeAlert(await seenAlert(ops, await alertOf(ops, "taken")));
  const before = receiver.received.length;
  now = new Date("2026-03-18T12:00:01Z");
  await vi.waitFor(() => expect(receiver.received).toHaveLength(before + 1), WAIT);
  expect(receiver.received.at(-1)).toMatchObject({ destination: "room", notice: { kind: "escalation" } });
  expect(receiver.received.at(-1)?.notice.items.map(({ supplierId, cause }) => [supplierId, cause])).toEqual([
    ["left", "not_taken"],
  ]);
  now = new Date("2026-03-19T12:00:01Z");
  await delay(1_500);
  await isSettled(databaseUrl);
  expect(receiver.received).toHaveLength(before + 1);
});

test("a receiver that fails is asked again, one that rejects makes the notice dead, and a dead notice can be replayed", async () => {
  let now = new Date("2026-03-16T12:00:00Z");
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  receiver.answers.set("erp", async () => ({ kind: "retry", reason: "answered 503" }));
  receiver.answers.set("room", async () => ({ kind: "rejected", reason: "answered 400" }));
  const ops = await start(databaseUrl, receiver, { now: () => now });
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  await vi.waitFor(async () => {
    const { notices } = await ops.notices.listNotices({});
    expect(
      notices.map(({ destination, state, attempts, reason }) => [destination, state, attempts, reason]).sort(),
    ).toEqual([
      ["erp", NoticeState.WAITING, 1, "answered 503"],
      ["room", NoticeState.DEAD, 1, "answered 400"],
    ]);
  }, WAIT);
  const [erp] = (await ops.notices.listNotices({ destination: "erp" })).notices;
  const [room] = (await ops.notices.listNotices({ state: NoticeState.DEAD })).notices;
  const wrong = await failureOf(ops.notices.replayNotice({ noticeId: erp?.noticeId ?? "" }));
  expect([wrong.code, wrong.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
    Code.FailedPrecondition,
    "NOTICE_STATE",
  ]);
  receiver.answers.clear();
  now = new Date("2026-03-16T12:00:07Z");
  await ops.notices.replayNotice({ noticeId: room?.noticeId ?? "" });
  await isSettled(databaseUrl);
  expect((await ops.notices.listNotices({ state: NoticeState.DELIVERED })).notices).toHaveLength(2);
  const ids = receiver.received.map(({ destination, notice }) => `${destination} ${notice.noticeId}`);
  expect([ids.length, new Set(ids).size]).toEqual([4, 2]);
  const { notice, attempts } = await ops.notices.getNotice({ noticeId: erp?.noticeId ?? "" });
  expect(notice?.items.map(({ supplierId, riskScore }) => [supplierId, riskScore])).toEqual([["a", 0.9]]);
  expect(attempts.map(({ attempt, outcome, detail }) => [attempt, outcome, detail])).toEqual([
    [1, NoticeOutcome.RETRY, "answered 503"],
    [2, NoticeOutcome.DELIVERED, "received"],
  ]);
  const { records } = await ops.audit.queryEvents({ kind: "notice.replayed" });
  expect(records.map(({ event }) => event?.subject)).toEqual([room?.noticeId]);
});

test("410 disables a destination; its notices wait until a person enables it", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  receiver.answers.set("erp", async () => ({ kind: "gone", reason: "answered 410" }));
  const ops = await start(databaseUrl, receiver);
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  const erp = async () => (await ops.notices.listDestinations({})).destinations.find(({ name }) => name === "erp");
  await vi.waitFor(async () => expect(await erp()).toMatchObject({ disabledReason: "answered 410", dead: 1 }), WAIT);
  const wrong = await failureOf(ops.notices.sendTestNotice({ destination: "erp" }));
  expect([wrong.code, wrong.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
    Code.FailedPrecondition,
    "DESTINATION_DISABLED",
  ]);
  await runWeek(ops, "2026-W02", [{ id: "b", score: 0.9 }]);
  await vi.waitFor(async () => expect(await erp()).toMatchObject({ waiting: 1, dead: 1 }), WAIT);
  expect(receiver.at("erp")).toHaveLength(1);
  receiver.answers.clear();
  const { destination } = await ops.notices.enableDestination({ name: "erp" });
  expect(destination).toMatchObject({ name: "erp", disabledReason: "" });
  expect(destination?.disabledAt).toBeUndefined();
  await vi.waitFor(() => expect(receiver.suppliersAt("erp")).toEqual(["a", "b"]), WAIT);
  const kinds = (await ops.audit.queryEvents({ subject: "erp" })).records.map(({ event }) => event?.kind);
  expect(kinds.sort()).toEqual(["destination.disabled", "destination.enabled"]);
});

test("a destination that never answers has at most two attempts at once, and does not delay the others", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  let inFlight = 0;
  let most = 0;
  receiver.answers.set("room", async (_notice, signal) => {
    most = Math.max(most, ++inFlight);
    await delay(60_000, undefined, { signal }).catch(() => {});
    inFlight--;
    return { kind: "retry", reason: "no answer" };
  });
  const ops = await start(databaseUrl, receiver);
  for (let i = 0; i < 6; i++) await ops.notices.sendTestNotice({ destination: "room" });
  await vi.waitFor(() => expect(inFlight).toBe(2), WAIT);
  for (let i = 0; i < 6; i++) await ops.notices.sendTestNotice({ destination: "erp" });
  await vi.waitFor(() => expect(receiver.at("erp")).toHaveLength(6), WAIT);
  expect([most, receiver.at("room").length]).toEqual([2, 2]);
});

test("two replicas deliver each notice once", async () => {
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const [first, second] = [await start(databaseUrl, receiver), await start(databaseUrl, receiver)];
  const suppliers = Array.from({ length: 9 }, (_, i) => ({ id: `s${i + 1}`, score: 0.9 }));
  for (let week = 1; week <= 9; week++)
    // The suppliers of the weeks before stay, or their alerts would be resolved before they are sent.
    await runWeek(week % 2 ? first : second, `2026-W0${week}`, suppliers.slice(0, week));
  for (let i = 0; i < 20; i++) await (i % 2 ? first : second).notices.sendTestNotice({ destination: "erp" });
  await isSettled(databaseUrl);
  const ids = receiver.at("erp").map(({ noticeId }) => noticeId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(receiver.suppliersAt("erp").sort()).toEqual(suppliers.map(({ id }) => id));
});

test("unknown notices and destinations are NOT_FOUND; a service without destinations says so", async () => {
  const databaseUrl = await cluster.createDatabase();
  const ops = await start(databaseUrl, createReceiver());
  const unknown = await failureOf(ops.notices.getNotice({ noticeId: "0199f0c0-4a1b-7c3d-8e5f-0123456789ab" }));
  expect([unknown.code, unknown.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.NotFound, "NOTICE_NOT_FOUND"]);
  for (const call of [
    () => ops.notices.sendTestNotice({ destination: "nowhere" }),
    () => ops.notices.enableDestination({ name: "nowhere" }),
  ])
    expect((await failureOf(call())).findDetails(ErrorInfoSchema)[0]?.reason).toBe("DESTINATION_NOT_FOUND");
  await using off = await startOps(await cluster.createDatabase());
  const notices = createClient(NoticeService, createGrpcTransport({ baseUrl: off.grpcUrl }));
  expect(await notices.listDestinations({})).toMatchObject({
    ...{ destinations: [], noNoticesReason: NoNoticesReason.NO_DESTINATIONS, delivers: false },
  });
  await runWeek(off, "2026-W01", [{ id: "a", score: 0.9 }]);
  expect((await notices.listNotices({})).notices).toEqual([]);
});

describe("Idempotency-Key", () => {
  test("a test notice with a key is made once, however often and however soon it is sent again", async () => {
    const ops = await start(await cluster.createDatabase(), createReceiver());
    const replayed: (string | null)[] = [];
    const send = (key: string, destination = "erp") =>
      ops.notices.sendTestNotice(
        { destination },
        {
          headers: { "idempotency-key": key },
          onHeader: (headers) => replayed.push(headers.get("idempotency-replayed")),
        },
      );
    const atOnce = await Promise.all(Array.from({ length: 5 }, () => send("k1")));
    const later = await send("k1");
    expect(new Set([...atOnce, later].map(({ notice }) => notice?.noticeId)).size).toBe(1);
    expect(later).toEqual(atOnce[0]);
    expect(replayed.at(-1)).toBe("true");
    expect(later.notice?.noticeId).not.toBe((await send("k2")).notice?.noticeId);
    expect((await ops.notices.listNotices({})).notices).toHaveLength(2);
    const other = await failureOf(send("k1", "room"));
    expect([other.code, other.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      Code.AlreadyExists,
      "REQUEST_KEY_MISMATCH",
    ]);
    // A request that failed had no effect, so that its key is free.
    expect((await failureOf(send("k3", "nowhere"))).code).toBe(Code.NotFound);
    expect((await send("k3")).notice?.noticeId).toBeDefined();
  });

  test("a notice that is replayed with a key is not delivered a third time", async () => {
    const databaseUrl = await cluster.createDatabase();
    const receiver = createReceiver();
    receiver.answers.set("erp", async () => ({ kind: "rejected", reason: "answered 400" }));
    const ops = await start(databaseUrl, receiver);
    const noticeId = (await ops.notices.sendTestNotice({ destination: "erp" })).notice?.noticeId ?? "";
    const isDead = async () => expect((await ops.notices.getNotice({ noticeId })).notice?.state).toBe(NoticeState.DEAD);
    await vi.waitFor(isDead, WAIT);
    const replay = () => ops.notices.replayNotice({ noticeId }, { headers: { "idempotency-key": "r1" } });
    const first = await replay();
    await vi.waitFor(() => expect(receiver.at("erp")).toHaveLength(2), WAIT);
    await vi.waitFor(isDead, WAIT);
    expect(await replay()).toEqual(first);
    expect((await ops.audit.queryEvents({ kind: "notice.replayed" })).records).toHaveLength(1);
    expect((await ops.notices.getNotice({ noticeId })).notice?.state).toBe(NoticeState.DEAD);
  });
});

test("a list of notices is paged, newest first", async () => {
  const databaseUrl = await cluster.createDatabase();
  const ops = await start(databaseUrl, createReceiver());
  const sent: string[] = [];
  for (let i = 0; i < 5; i++)
    sent.push((await ops.notices.sendTestNotice({ destination: "erp" })).notice?.noticeId ?? "");
  const first = await ops.notices.listNotices({ pageSize: 3 });
  const second = await ops.notices.listNotices({ pageSize: 3, pageToken: first.nextPageToken });
  const ids = [...first.notices, ...second.notices].map(({ noticeId }) => noticeId);
  expect([ids.length, ids.toSorted().reverse(), second.nextPageToken]).toEqual([5, ids, ""]);
  expect(ids.toSorted()).toEqual(sent.toSorted());
  const other = await failureOf(ops.notices.listNotices({ pageToken: first.nextPageToken, destination: "erp" }));
  expect(other.code).toBe(Code.InvalidArgument);
});

test.runIf(hasRedis())("jobs in Redis: notices wait while it is away, and the service stays ready", async () => {
  const redis: RedisServer = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const databaseUrl = await cluster.createDatabase();
  const receiver = createReceiver();
  const ops = await start(databaseUrl, receiver, { queueUrl: redis.url });
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  await vi.waitFor(() => expect(receiver.suppliersAt("erp")).toEqual(["a"]), WAIT);
  await redis.kill();
  await runWeek(ops, "2026-W02", [{ id: "b", score: 0.9 }]);
  expect((await fetch(`${ops.adminUrl}/readyz`)).status).toBe(200);
  await redis.restart();
  await vi.waitFor(() => expect(receiver.suppliersAt("erp")).toEqual(["a", "b"]), { timeout: 50_000 });
});
