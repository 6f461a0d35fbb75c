import { openNotifications } from "@bellwether/postgres/pool/open-notifications";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type ChangeFeed, createChangeFeed } from "./change-feed.ts";

const CHANNEL = "test_change";

let cluster: PostgresServer;
let url = "";
let admin: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  admin = await openPostgres(url, { max: 1, applicationName: "admin" });
});
afterAll(async () => {
  await admin?.close();
  await cluster?.[Symbol.asyncDispose]();
});

async function newFeed(at = url): Promise<ChangeFeed> {
  const feed = createChangeFeed((listener) => openNotifications(at, listener, { applicationName: "feed" }));
  onTestFinished(() => feed.close());
  return feed;
}

const notify = (payload: string, channel = CHANNEL) => admin.query("select pg_notify($1, $2)", [channel, payload]);

/** Ends the database connection that listens. */
async function cut(): Promise<void> {
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'feed'");
}

/** Starts a watch that collects its changes. */
async function follow(feed: ChangeFeed, channel = CHANNEL) {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const seen: string[] = [];
  const changes = await feed.watch(channel, over.signal);
  const done = (async () => {
    for await (const { payload } of changes) seen.push(payload);
    return "ended";
  })().catch((error: Error) => error.name);
  return { seen, done, stop: () => over.abort() };
}

test("every watch gets each change once, and none after it was stopped", async () => {
  const feed = await newFeed();
  const [one, other] = [await follow(feed), await follow(feed)];
  await notify("a");
  await vi.waitFor(() => expect([one.seen, other.seen]).toEqual([["a"], ["a"]]));
  one.stop();
  expect(await one.done).toBe("ended");
  await notify("b");
  await vi.waitFor(() => expect(other.seen).toEqual(["a", "b"]));
  expect(one.seen).toEqual(["a"]);
});

test("when the connection breaks, a watch ends with an error, because changes may be missing; the next watch gets each change once", async () => {
  const feed = await newFeed();
  for (let round = 0; round < 3; round++) {
    const watching = await follow(feed);
    await notify(`before ${round}`);
    await vi.waitFor(() => expect(watching.seen).toEqual([`before ${round}`]));
    await cut();
    expect(await watching.done).toBe("DatabaseUnavailableError");
  }
  const last = await follow(feed);
  for (const payload of ["x", "y", "z"]) await notify(payload);
  await vi.waitFor(() => expect(last.seen).toEqual(["x", "y", "z"]));
});

test.each([
  [1_000, "receives all of them", undefined],
  [1_001, "ends with an error", "WatchTooSlowError"],
])("a watch that is not read during %d changes %s", async (changes, _, failure) => {
  const feed = await newFeed();
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const slow = (await feed.watch(CHANNEL, over.signal))[Symbol.asyncIterator]();
  const after = await follow(feed, "after_all_changes");
  await admin.query("select pg_notify($1, n::text) from generate_series(1, $2::int) n", [CHANNEL, changes]);
  await notify("came", "after_all_changes");
  // Both notifications are sent on the same connection, so they arrive in order.
  await vi.waitFor(() => expect(after.seen).toEqual(["came"]));
  const read = async () => {
    for (let n = 1; n <= changes; n++) expect((await slow.next()).value?.payload).toBe(String(n));
  };
  expect(await read().catch((error: Error) => error.name)).toBe(failure);
});

test("a watch fails while the database is not reachable, and the next watch gets each change when it is reachable again", async () => {
  await using relay = await startTcpRelay(url);
  const feed = await newFeed(relay.url);
  await relay.disconnect();
  await expect(follow(feed)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await relay.reconnect();
  const watching = await Promise.all([follow(feed), follow(feed), follow(feed, "other_change")]);
  await notify("a");
  await notify("b", "other_change");
  await vi.waitFor(() => expect(watching.map(({ seen }) => seen)).toEqual([["a"], ["a"], ["b"]]));
  expect(relay.connectionsAccepted()).toBe(1);
});

test("a feed whose database does not answer closes at once, and its watches end with an error", async () => {
  await using relay = await startTcpRelay(url);
  const feed = await newFeed(relay.url);
  const watching = await follow(feed);
  relay.setPaused(true);
  await feed.close();
  expect(await watching.done).toBe("DatabaseUnavailableError");
});
