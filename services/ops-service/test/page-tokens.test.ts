import { randomUUID } from "node:crypto";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  const rows = Array.from({ length: 6 }, (_, i) => ({ id: `s${i}`, score: 0.9 }));
  await runWeek(ops, "2026-W01", rows);
  await runWeek(ops, "2026-W02", rows);
  const events = Array.from({ length: 4 }, () => ({
    eventId: randomUUID(),
    kind: "model.swapped",
    actor: "ci",
    subject: "supplier-risk",
    occurredAt: timestampFromDate(new Date("2026-01-01T00:00:00Z")),
    payloadJson: "{}",
  }));
  await ops.audit.appendEvents(
    (async function* () {
      yield { events };
    })(),
  );
});
afterAll(async () => {
  await ops[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

type Ask = (page: {
  readonly pageSize: number;
  readonly pageToken?: string;
}) => Promise<{ readonly nextPageToken: string }>;

/** Lists that have a second page, by name; all are different lists. */
const LISTS: Readonly<Record<string, Ask>> = {
  "all suppliers": (page) => ops.suppliers.listSuppliers(page),
  "high suppliers": (page) => ops.suppliers.listSuppliers({ ...page, band: Band.HIGH }),
  "suppliers of a region": (page) => ops.suppliers.listSuppliers({ ...page, region: "EU" }),
  "active alerts": (page) => ops.alerts.listAlerts(page),
  "open alerts": (page) => ops.alerts.listAlerts({ ...page, states: [AlertState.OPEN] }),
  "critical alerts": (page) => ops.alerts.listAlerts({ ...page, severity: AlertSeverity.CRITICAL }),
  "all events": (page) => ops.audit.queryEvents(page),
  "events of a kind": (page) => ops.audit.queryEvents({ ...page, kind: "model.swapped" }),
  "events of an actor": (page) => ops.audit.queryEvents({ ...page, actor: "ci" }),
  "events of a subject": (page) => ops.audit.queryEvents({ ...page, subject: "supplier-risk" }),
  "events until": (page) =>
    ops.audit.queryEvents({ ...page, occurredBefore: timestampFromDate(new Date("2026-01-02T00:00:00Z")) }),
  "events from": (page) =>
    ops.audit.queryEvents({ ...page, occurredFrom: timestampFromDate(new Date("2025-01-02T00:00:00Z")) }),
  runs: (page) => ops.batch.listRuns(page),
};

test.each(Object.keys(LISTS))("a token of %s is accepted by that list alone, whatever the page size", async (name) => {
  const { nextPageToken: pageToken } = (await LISTS[name]?.({ pageSize: 1 })) ?? { nextPageToken: "" };
  expect(pageToken).not.toBe("");
  for (const [other, ask] of Object.entries(LISTS)) {
    if (other === name) {
      await ask({ pageSize: 3, pageToken });
      continue;
    }
    const failure = await failureOf(ask({ pageSize: 1, pageToken }));
    expect([other, failure.code, failure.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      other,
      Code.InvalidArgument,
      "PAGE_TOKEN",
    ]);
    expect(failure.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("page_token");
  }
});

test("the REST paths accept a token only with its own filter", async () => {
  const get = async (query: string) => {
    const response = await fetch(`${ops.webUrl}/alerts?page_size=1&${query}`);
    return { status: response.status, body: await response.json() };
  };
  const { next_page_token: token } = (await get("severity=critical")).body;
  expect((await get(`severity=critical&page_token=${token}`)).status).toBe(200);
  const rejected = await get(`severity=warning&page_token=${token}`);
  expect([rejected.status, rejected.body.message]).toEqual([
    400,
    "page_token belongs to a list with another filter; repeat the request that it came from, or start without a token",
  ]);
});
