import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { NoticeJob } from "../../domain/notices/deliver-notice.ts";
import { MAX_ATTEMPTS, MAX_UNFINISHED } from "../../domain/notices/delivery-retries.ts";
import type { DeliveryOutcome } from "../../domain/notices/notice.ts";
import type { NoticeEvent } from "../../domain/notices/notice-event.ts";
import { writeNoticeEvents } from "../alerts/notice-outbox.ts";
import { openDatabase } from "../database.ts";
import { notice } from "../notice-schema.ts";
import { beginAttempt, type DeadNotice, endAttempt } from "./notice-attempts.ts";
import { relayNotices, releaseNotices } from "./notice-relay.ts";
import {
  endUndeliverable,
  findNotice,
  listDestinationStates,
  listNotices,
  readOutboxFigures,
  removeOldNotices,
} from "./notices.ts";

const START = new Date("2026-03-16T12:00:00Z");
const QUEUED_MS = 10_000;
const ATTEMPT_MS = 18_000;
const HOUR_MS = 3_600_000;
const ROUTES = parseNoticeRoutes(
  parseYaml(
    `version: 1
destinations:
  - { name: a, channel: webhook, address: "https://a.example.org/" }
  - { name: b, channel: webhook, address: "https://b.example.org/" }
routes: [{ name: all, to: [a] }, { name: both, severities: [critical], to: [b] }]
`,
    "routes.yaml",
  ),
);

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** An outbox with a supplier, a run and a clock that the test moves. */
async function setUp() {
  const url = await cluster.createDatabase();
  const database = await openDatabase(url);
  onTestFinished(() => database.close());
  const pool = await openPostgres(url, { max: 1 });
  onTestFinished(() => pool.close());
  await pool.query(`insert into bellwether.supplier (external_id) select 's' || i from generate_series(1, 300) i;
    insert into bellwether.run (iso_week, model_name, fence, holder) values ('2026-W11', 'm', 1, 'h')`);
  const { db, inTransaction } = database.notices;
  let now = START;
  const relaying = {
    routes: ROUTES,
    publicUrl: null,
    now: () => now,
    newNoticeId: (at: Date) => newUuidV7(at.getTime()),
    claimMs: QUEUED_MS,
    perDestination: 2,
  };
  const dead: DeadNotice[] = [];
  const attempts = {
    ...{ now: () => now, worker: "host/1", claimMs: ATTEMPT_MS },
    onDead: (one: DeadNotice) => dead.push(one),
  };
  const ending = { now: () => now, newId: () => crypto.randomUUID(), random: () => 0 };
  return {
    pool,
    db,
    inTransaction,
    relaying,
    dead,
    wait: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
    write: (...events: readonly NoticeEvent[]) => inTransaction(({ db: tx }) => writeNoticeEvents(tx, events)),
    relay: async (claims = true) => (await relayNotices(inTransaction, relaying, claims))?.jobs ?? [],
    begin: (job: NoticeJob) => beginAttempt(inTransaction, job, attempts),
    async end(job: NoticeJob, outcome: DeliveryOutcome, begun = { attempt: 1, tried: 1, destination: "a" }) {
      return endAttempt(inTransaction, { job, begun, outcome, durationMs: 5 }, ending);
    },
    states: async () =>
      (await listNotices(db, {}, 100))
        .map(({ destination, state, attempts: n }) => `${destination} ${state} ${n}`)
        .sort(),
  };
}

const event = (supplierId: number, over: Partial<NoticeEvent> = {}): NoticeEvent => ({
  ...{
    key: `run/1/supplier/${supplierId}`,
    cause: "raised",
    occurredAt: START,
    actor: "rules",
    assignee: "",
    runId: 1,
  },
  ...{ alertIds: [`a${supplierId}`], severity: "warning", owner: "", score: 0.8, previousScore: null, impact: 8 },
  ...{ supplierId },
  ...over,
});

const DELIVERED: DeliveryOutcome = { kind: "delivered", detail: "204" };
const only = <T>(list: readonly T[]): T => {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`${list.length} entries instead of one`);
  return first;
};

test("an event that is written again before it is routed is stored once", async () => {
  const { write, relay, db } = await setUp();
  await write(event(1));
  await write(event(1), event(2));
  expect(await relay()).toHaveLength(1);
  const notice = only(await listNotices(db, {}, 10));
  expect(notice.items.map(({ supplierId }) => supplierId)).toEqual(["s1", "s2"]);
});

test("while an owner is away, the deputy gets one notice of each supplier and run, and the owner none", async () => {
  const { write, relaying, inTransaction, db, pool, wait } = await setUp();
  const routes = parseNoticeRoutes(
    parseYaml(
      `version: 1
destinations:
  - { name: a, channel: webhook, address: "https://a.example.org/" }
  - { name: b, channel: webhook, address: "https://b.example.org/" }
owners: [{ owner: ada, to: [a] }, { owner: bo, to: [b] }]
routes: [{ name: own, to: [owner] }, { name: own-critical, severities: [critical], to: [owner] }]
`,
      "routes.yaml",
    ),
  );
  await pool.query(
    `insert into bellwether.delegation (id, owner, deputy, starts_at, ends_at, reason, created_by, created_at)
     values (gen_random_uuid(), 'ada', 'bo', $1::timestamptz, $1::timestamptz + interval '1 day', 'on leave', 'ada', $1::timestamptz)`,
    [START.toISOString()],
  );
  const relay = () => relayNotices(inTransaction, { ...relaying, routes }, true);
  const sent = async () =>
    (await listNotices(db, {}, 10))
      .map(({ destination, recipient, items }) => `${destination} ${recipient} ${items.length}`)
      .sort();
  await write(event(1, { owner: "ada" }), event(2, { owner: "ada", severity: "critical" }), event(3, { owner: "bo" }));
  await relay();
  expect(await sent()).toEqual(["b bo 3"]);
  wait(25 * HOUR_MS);
  await write(event(4, { owner: "ada" }));
  await relay();
  expect(await sent()).toEqual(["a ada 1", "b bo 3"]);
});

test("a pass whose process is killed before its commit leaves the outbox as it was", async () => {
  const { write, relay, relaying, inTransaction, pool } = await setUp();
  await write(event(1));
  const killed = relayNotices(
    (work) =>
      inTransaction(async (tx) => {
        await work(tx);
        throw new Error("killed");
      }),
    relaying,
    true,
  );
  await expect(killed).rejects.toThrow("killed");
  const { rows } = await pool.query(`select (select count(*)::int from bellwether.notice_event) as events,
    (select count(*)::int from bellwether.notice_item) + (select count(*)::int from bellwether.notice) as others`);
  expect(rows).toEqual([{ events: 1, others: 0 }]);
  expect(await relay()).toHaveLength(1);
});

test("two passes at the same time: one moves the outbox, the other does nothing", async () => {
  const { write, relaying, inTransaction } = await setUp();
  await write(event(1));
  const inner: unknown[] = [];
  await inTransaction(async (tx) => {
    const outer = await relayNotices((work) => work(tx), relaying, true);
    inner.push(outer?.jobs.length, await relayNotices(inTransaction, relaying, true));
  });
  expect(inner).toEqual([1, undefined]);
});

test("a job that is lost before its attempt is replaced after its time, and does nothing when it appears later", async () => {
  const { write, relay, begin, wait, states } = await setUp();
  await write(event(1));
  const lost = only(await relay());
  wait(QUEUED_MS - 1);
  expect(await relay()).toEqual([]);
  wait(1);
  const job = only(await relay());
  expect(job).toEqual({ noticeId: lost.noticeId, claim: lost.claim + 1 });
  expect(await begin(lost)).toBeUndefined();
  expect(await begin(job)).toMatchObject({ attempt: 1, destination: "a" });
  expect(await states()).toEqual(["a waiting 1"]);
});

test("jobs that could not be added are replaced at once", async () => {
  const { write, relay, db } = await setUp();
  await write(event(1));
  const jobs = await relay();
  await releaseNotices(db, jobs);
  expect(await relay()).toHaveLength(1);
});

test("without a queue nothing is claimed", async () => {
  const { write, relay } = await setUp();
  await write(event(1));
  expect(await relay(false)).toEqual([]);
  expect(await relay()).toHaveLength(1);
});

test("an attempt whose process is killed stays in the log, and another attempt follows with the same id and content", async () => {
  const { write, relay, begin, end, wait, db } = await setUp();
  await write(event(1));
  const first = only(await relay());
  const begun = await begin(first);
  wait(ATTEMPT_MS - 1);
  expect(await relay()).toEqual([]);
  wait(1);
  const second = only(await relay());
  const again = await begin(second);
  expect(again?.notice).toEqual(begun?.notice);
  expect(await end(second, DELIVERED, { attempt: 2, tried: 2, destination: "a" })).toMatchObject({
    state: "delivered",
  });
  const found = await findNotice(db, first.noticeId);
  expect(found?.attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, null],
    [2, "delivered"],
  ]);
});

test("a delivery counts also when a later job has the notice, a failure does not", async () => {
  const { write, relay, begin, end, wait, states } = await setUp();
  await write(event(1));
  const slow = only(await relay());
  await begin(slow);
  wait(ATTEMPT_MS);
  const later = only(await relay());
  await end(slow, { kind: "rejected", reason: "400" });
  expect(await states()).toEqual(["a waiting 1"]);
  await begin(later);
  await end(slow, DELIVERED);
  expect(await states()).toEqual(["a delivered 2"]);
  await end(later, { kind: "rejected", reason: "400" }, { attempt: 2, tried: 2, destination: "a" });
  expect(await states()).toEqual(["a delivered 2"]);
});

test("a killed or stopped process uses no attempt of the receiver", async () => {
  const { write, relay, begin, end, wait, states } = await setUp();
  await write(event(1));
  const kill = async () => {
    await begin(only(await relay()));
    wait(ATTEMPT_MS);
  };
  const fail = async (tried: number) => {
    const job = only(await relay());
    const begun = await begin(job);
    expect(begun).toMatchObject({ tried });
    if (begun) await end(job, { kind: "retry", reason: "503" }, begun);
    wait(24 * HOUR_MS);
  };
  for (let tried = 1; tried < MAX_ATTEMPTS; tried++) {
    await kill();
    await fail(tried);
  }
  const job = only(await relay());
  const stopped = await begin(job);
  if (stopped) await end(job, { kind: "interrupted", reason: "the service was stopped" }, stopped);
  expect(await states()).toEqual([`a waiting ${2 * MAX_ATTEMPTS - 1}`]);
  await fail(MAX_ATTEMPTS);
  expect(await states()).toEqual([`a dead ${2 * MAX_ATTEMPTS}`]);
});

test("in the quiet hours of a destination only tests are sent: a repetition waits until they are over", async () => {
  const { db, write, relaying, inTransaction, begin, end, wait } = await setUp();
  const quiet = ROUTES.destinations.map((one) => ({ ...one, quietHours: { from: 13 * 60, to: 15 * 60 } }));
  const options = { ...relaying, routes: { ...ROUTES, destinations: quiet } };
  const relay = async () => (await relayNotices(inTransaction, options, true))?.jobs ?? [];
  await write(event(1));
  const job = only(await relay());
  const begun = await begin(job);
  wait(HOUR_MS - 1_000);
  if (begun) await end(job, { kind: "retry", reason: "503" }, begun);
  wait(10_000);
  expect(await relay()).toEqual([]);
  const now = relaying.now();
  const id = relaying.newNoticeId(now);
  const test = { id, destination: "a", channel: "webhook", kind: "test", recipient: "jo", createdAt: now } as const;
  await db.insert(notice).values({ ...test, items: [], droppedItems: 0, nextAttemptAt: now });
  expect((await relay()).map(({ noticeId }) => noticeId)).toEqual([id]);
  const [state] = await listDestinationStates(db, ["a"]);
  expect(state).toMatchObject({ waiting: 2, nextDueAt: new Date(START.getTime() + HOUR_MS + 4_000) });
  wait(2 * HOUR_MS);
  expect((await relay()).map(({ noticeId }) => noticeId)).toContain(job.noticeId);
});

test("a notice that kills its process each time is dead in the end", async () => {
  const { write, relay, begin, wait, states, dead } = await setUp();
  await write(event(1));
  for (let attempt = 1; attempt <= MAX_UNFINISHED; attempt++) {
    expect(await begin(only(await relay()))).toMatchObject({ attempt });
    wait(ATTEMPT_MS);
  }
  expect(dead).toEqual([]);
  const last = only(await relay());
  expect(await begin(last)).toBeUndefined();
  expect(await states()).toEqual([`a dead ${MAX_UNFINISHED}`]);
  const reason = `no result in ${MAX_UNFINISHED} attempts: their processes ended`;
  expect(dead).toEqual([{ notice: last.noticeId, destination: "a", attempt: MAX_UNFINISHED, reason }]);
  expect(await begin(last)).toBeUndefined();
  expect(dead).toHaveLength(1);
});

test("of each destination at most two notices have a job, whatever waits for the others", async () => {
  const { write, relay, begin, end, wait } = await setUp();
  for (let i = 1; i <= 5; i++) {
    await write(event(i, { severity: i === 5 ? "critical" : "warning" }));
    await relay(false);
    wait(1);
  }
  const jobs = await relay();
  expect(jobs).toHaveLength(3);
  const destinations = await Promise.all(jobs.map(async (job) => (await begin(job))?.destination));
  expect(destinations.sort()).toEqual(["a", "a", "b"]);
  expect(await relay()).toEqual([]);
  const [done] = jobs;
  if (done) await end(done, DELIVERED);
  expect(await relay()).toHaveLength(1);
});

test("events without a route are counted and leave the outbox", async () => {
  const { write, relaying, inTransaction, db } = await setUp();
  await write(event(1, { cause: "assigned", assignee: "nobody" }));
  expect(await relayNotices(inTransaction, relaying, true)).toMatchObject({
    ...{ unrouted: 1, resolved: 0, changed: 0, jobs: [], hasMore: false },
  });
  expect(await readOutboxFigures(db, START)).toEqual({ waiting: 0, oldestAgeS: 0, dead: 0 });
});

test("notices that waited for a week, and those of destinations that the file lost an hour ago, are dead", async () => {
  const { write, relay, wait, states, db } = await setUp();
  await write(event(1, { severity: "critical" }));
  await relay(false);
  const end = (afterMs: number, createdBefore: Date) =>
    endUndeliverable(db, { names: ["a"], createdBefore, now: new Date(START.getTime() + afterMs) });
  expect(await end(3_599_999, START)).toEqual(new Map());
  expect(await end(3_600_001, START)).toEqual(new Map([["b", 1]]));
  expect(await states()).toEqual(["a waiting 0", "b dead 0"]);
  wait(1);
  expect(await end(7 * 86_400_000, new Date(START.getTime() + 1))).toEqual(new Map([["a", 1]]));
  expect(await readOutboxFigures(db, START)).toMatchObject({ waiting: 0, dead: 2 });
});

test("old notices are deleted with their log, those that wait are kept", async () => {
  const { write, relay, begin, end, states, db, pool } = await setUp();
  await write(event(1, { severity: "critical" }));
  const jobs = await relay();
  for (const job of jobs) {
    const begun = await begin(job);
    if (begun?.destination === "a") await end(job, DELIVERED);
  }
  expect(await removeOldNotices(db, START)).toBe(0);
  expect(await removeOldNotices(db, new Date(START.getTime() + 1))).toBe(1);
  expect(await states()).toEqual(["b waiting 1"]);
  expect((await pool.query("select from bellwether.notice_attempt")).rowCount).toBe(1);
});

test("the outbox figures have the age of the oldest notice", async () => {
  const { write, relay, db } = await setUp();
  await write(event(1));
  await relay(false);
  await write(event(2));
  const figures = await readOutboxFigures(db, new Date(START.getTime() + 90_000));
  expect(figures).toEqual({ waiting: 2, oldestAgeS: 90, dead: 0 });
});

test("the owner of a watchlist gets one notice of each supplier and run, of what the owner sees, also of merged suppliers", async () => {
  const { write, relaying, inTransaction, db, pool, wait } = await setUp();
  const routes = parseNoticeRoutes(
    parseYaml(
      `version: 1
destinations:
  - { name: a, channel: webhook, address: "https://a.example.org/" }
  - { name: b, channel: webhook, address: "https://b.example.org/" }
  - { name: c, channel: webhook, address: "https://c.example.org/" }
  - { name: d, channel: webhook, address: "https://d.example.org/" }
owners: [{ owner: ana, to: [a] }, { owner: bo, to: [b] }, { owner: cy, to: [c] }, { owner: di, to: [d] }]
routes: [{ name: critical, severities: [critical], to: [a] }]
`,
      "routes.yaml",
    ),
  );
  await pool.query(`insert into bellwether.label (kind, value) values ('region', 'EU'), ('region', 'US');
    update bellwether.supplier u set region_id = l.id from bellwether.label l where l.value = case when u.id % 2 = 1 then 'EU' else 'US' end`);
  const watch = (owner: string, scope: unknown, ...suppliers: number[]) =>
    pool.query(
      `with l as (insert into bellwether.watchlist (id, owner, owner_name, owner_scope, name, name_key, note, is_shared, version, created_at, changed_at, changed_by)
         values (gen_random_uuid(), $1, $1, $2::jsonb, gen_random_uuid()::text, gen_random_uuid()::text, '', false, 1, now(), now(), $1) returning id)
       insert into bellwether.watched_supplier select l.id, s from l, unnest($3::int[]) s`,
      [owner, scope === undefined ? null : JSON.stringify(scope), suppliers],
    );
  // Two lists with the same supplier, and the supplier of a merge; a person of one region; one about whom nothing is known.
  await watch("ana", "all", 1, 2);
  await watch("ana", "all", 1);
  await watch("bo", { regions: ["EU"], categories: [] }, 1, 2, 3);
  await watch("cy", undefined, 1, 2, 3);
  await watch("di", "all", 9);
  const relay = () => relayNotices(inTransaction, { ...relaying, routes }, true);
  const sent = async () =>
    (await listNotices(db, {}, 10))
      .map(({ destination, recipient, items }) => `${destination} ${recipient} ${items.map((one) => one.supplierId)}`)
      .sort();
  await write(event(1), event(2, { severity: "critical" }), event(3), event(4));
  await relay();
  expect(await sent()).toEqual(["a a s2", "a ana s1", "b bo s1,s3"]);
  // A merge and its undo.
  await pool.query("delete from bellwether.notice");
  await pool.query(`insert into bellwether.supplier_merge (id, survivor_id, merged_id, evidence, reason, merged_by, merged_at, change)
    values (gen_random_uuid(), 9, 8, '[]', '', 'x', now(), 1)`);
  await write(event(8, { key: "run/2/8" }));
  await relay();
  expect(await sent()).toEqual(["d di s8"]);
  wait(1_000);
  await pool.query("update bellwether.supplier_merge set undone_at = now()");
  await write(event(8, { key: "run/3/8" }));
  await relay();
  expect(await sent()).toEqual(["d di s8"]);
  // A present session says more than the last change of the list.
  await pool.query("delete from bellwether.notice");
  await pool.query(
    `insert into bellwether.session (id, hash, subject, name, role, method, scope, created_at, last_used_at, expires_at)
     select gen_random_uuid(), s, s, s, 'analyst', 'token', scope::jsonb, $1::timestamptz, $1::timestamptz, $1::timestamptz + interval '1 day'
     from (values ('cy', null), ('di', '{"regions":["US"],"categories":[]}')) v(s, scope)`,
    [START.toISOString()],
  );
  await write(event(2, { key: "run/4/2" }), event(9, { key: "run/4/9" }));
  await relay();
  expect(await sent()).toEqual(["a ana s2", "c cy s2"]);
});
