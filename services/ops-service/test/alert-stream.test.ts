import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });
const WAIT = { timeout: 20_000 };

let cluster: PostgresServer;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
}, 60_000);
afterAll(() => cluster?.[Symbol.asyncDispose]());
beforeEach(async () => {
  ops = await startOps(await cluster.createDatabase());
  return () => ops[Symbol.asyncDispose]();
}, 60_000);

const suppliers = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `s${String(i).padStart(4, "0")}`, score: 0.9 }));

/** Opens the stream; `events` grows as events arrive. */
async function open(query = "", headers: Record<string, string> = {}, method = "GET") {
  const stop = new AbortController();
  const response = await fetch(`${ops.webUrl}/alerts/stream${query}`, { method, headers, signal: stop.signal });
  let text = "";
  const ended = (async () => {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += part;
  })().catch((error) => expect(error.name).toBe("AbortError"));
  const events = () =>
    text
      .split("\n\n")
      .slice(0, -1)
      .filter((block) => !block.startsWith(":"))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1],
        name: /^event: (.*)$/m.exec(block)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null"),
      }));
  const ids = (): string[] =>
    events().flatMap(({ data }) => (data.alerts ?? []).map((alert: { supplier_id: string }) => alert.supplier_id));
  const close = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { response, text: () => text, events, ids, ended, close };
}

test("a client that continues with Last-Event-ID receives each alert that it missed, then what happens", async () => {
  const first = await open();
  expect(first.response.headers.get("content-type")).toBe("text/event-stream");
  await vi.waitFor(() => expect(first.events()).toHaveLength(1), WAIT);
  expect(first.events()[0]).toEqual({ id: "0", data: { alerts: [], truncated: false, sequence: 0 } });
  await first.close();
  await runWeek(ops, "2026-W01", suppliers(250));
  // The query is the one of the first request, as browsers repeat it; the header counts.
  const resumed = await open("?after_sequence=9007199254740991", { "last-event-id": "0" });
  await vi.waitFor(() => expect(new Set(resumed.ids()).size).toBe(250), WAIT);
  await runWeek(ops, "2026-W01", suppliers(3), { modelName: "another-model" });
  await vi.waitFor(() => expect(resumed.ids()).toHaveLength(253), WAIT);
  expect(resumed.events().at(-1)?.id).toBe("2");
  await resumed.close();
  const own = await open("?after_sequence=0&model_name=another-model");
  await vi.waitFor(() => expect(own.ids()).toHaveLength(3), WAIT);
  expect(own.events().at(-1)?.data.alerts[0]).toMatchObject({ model_name: "another-model", state: "open" });
  await own.close();
});

test.each([
  ["", { "last-event-id": "9007199254740992" }, "Last-Event-ID"],
  ["", { "last-event-id": "-1" }, "Last-Event-ID"],
  ["?after_sequence=1e3", {}, "after_sequence"],
  ["?after=1", {}, "after: unknown query parameter"],
  ["", { "last-event-id": "9007199254740991" }, "Last-Event-ID 9007199254740991 is higher"],
  ["?after_sequence=1", { "last-event-id": "999999" }, '"detail":"Last-Event-ID 999999 is higher'],
  ["?after_sequence=999999", {}, '"detail":"after_sequence 999999 is higher'],
  ["?after_sequence=1e3", { "last-event-id": "1" }, '"detail":"after_sequence: '],
])("GET /alerts/stream%s with %j is a problem that names %s", async (query, headers, expected) => {
  const response = await fetch(`${ops.webUrl}/alerts/stream${query}`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
  expect(JSON.stringify(await response.json())).toContain(expected);
});

test("a model without a run is not found, before the stream begins, as GET /alerts answers", async () => {
  await runWeek(ops, "2026-W01", suppliers(1));
  for (const path of ["/alerts", "/alerts/stream", "/alerts/stream?after_sequence=0"]) {
    const response = await fetch(`${ops.webUrl}${path}${path.includes("?") ? "&" : "?"}model_name=supplier-rsk`);
    expect([path, response.status, response.headers.get("content-type")]).toEqual([
      path,
      404,
      "application/problem+json",
    ]);
    expect(await response.json()).toMatchObject({ reason: "MODEL_NOT_SCORED" });
  }
});

test("the answer to HEAD ends", async () => {
  const head = await open("", {}, "HEAD");
  expect([head.response.status, head.response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  await head.ended;
});

test("the last event of a stream that the server ends is the problem", async () => {
  const stream = await open();
  await vi.waitFor(() => expect(stream.events()).toHaveLength(1), WAIT);
  const stopped = ops[Symbol.asyncDispose]();
  await stream.ended;
  await stopped;
  expect(stream.events().at(-1)).toMatchObject({ name: "problem", data: { status: 503, reason: "SHUTTING_DOWN" } });
  ops = await startOps(await cluster.createDatabase());
});

test("comments keep an idle stream open, and are not events", async () => {
  await ops[Symbol.asyncDispose]();
  ops = await startOps(await cluster.createDatabase(), { limits: { watchKeepaliveMs: 50 } });
  const stream = await open();
  await vi.waitFor(() => expect(stream.text()).toMatch(/^id: 0\ndata: .*\n\n:\n\n:\n\n/), WAIT);
  expect(stream.events()).toHaveLength(1);
  await runWeek(ops, "2026-W01", suppliers(1));
  await vi.waitFor(() => expect(stream.ids()).toEqual(["s0000"]), WAIT);
  expect(stream.events().map(({ id }) => id)).toEqual(["0", "1"]);
  await stream.close();
});
