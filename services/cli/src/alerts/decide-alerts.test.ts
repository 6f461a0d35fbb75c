import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { AlertClient } from "./alert-pages.ts";
import { type Action, decideAlerts, type Target } from "./decide-alerts.ts";

const comment = (target: Target): Action => ({ case: "comment", value: { ...target, comment: "signed" } });
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `0190f3c0-0000-7000-8000-${String(i).padStart(12, "0")}`);

/**
 * Alerts in version 1. A comment is performed once for each version that its author saw.
 * @param end called after the actions of a call were performed; what it throws is the answer
 */
function service(end: (call: number) => void = () => {}) {
  const comments = new Map<string, bigint[]>();
  let calls = 0;
  const versionOf = (alertId: string): bigint => 1n + BigInt(comments.get(alertId)?.length ?? 0);
  const transport = createRouterTransport(({ service: add }) => {
    add(AlertService, {
      getAlert: ({ alertId }) => ({ alert: { alertId, version: versionOf(alertId) } }),
      decideAlerts({ actions }) {
        const results = actions.map(({ action }) => {
          if (action.case !== "comment") throw new ConnectError("not a comment", Code.InvalidArgument);
          const { alertId, version } = action.value;
          const seen = comments.get(alertId) ?? [];
          if (!seen.includes(version)) comments.set(alertId, [...seen, version]);
          return { alertId, alert: { alertId, version: versionOf(alertId) } };
        });
        end(++calls);
        return { results };
      },
    });
  });
  const client: AlertClient = {
    client: createClient(AlertService, transport),
    answer: (call) =>
      call.catch((cause) => {
        throw new Error("ops-service does not answer", { cause });
      }),
    [Symbol.dispose]: () => {},
  };
  return { client, comments };
}

test("a lost answer leaves few alerts unknown, and the same versions again double nothing", async () => {
  const { client, comments } = service((call) => {
    if (call === 3) throw new ConnectError("the connection was reset", Code.Unavailable);
  });
  const given = ids(73);
  const first = await decideAlerts(client, given, undefined, comment);
  const { unknown = [], unsent = [] } = first.interruption ?? {};
  expect([first.results.length, unknown.length, unsent.length]).toEqual([40, 20, 13]);
  expect(comments.size).toBe(60);
  const rest = [...unknown, ...unsent].map(({ alertId, version }) => `${alertId}@${version}`);
  const again = await decideAlerts(client, rest, undefined, comment);
  expect([again.results.length, again.interruption]).toEqual([33, undefined]);
  expect(again.results.filter(({ isUnchanged }) => isUnchanged)).toHaveLength(20);
  expect(given.map((id) => comments.get(id)?.length)).toEqual(given.map(() => 1));
});

test("a call that the service rejects is the error itself; after answers, the others count as not sent", async () => {
  const rejected = service(() => {
    throw new ConnectError("needs the role analyst", Code.PermissionDenied);
  });
  await expect(decideAlerts(rejected.client, ids(2), undefined, comment)).rejects.toThrow("does not answer");
  const later = service((call) => {
    if (call === 2) throw new ConnectError("the token has expired", Code.Unauthenticated);
  });
  const { results, interruption } = await decideAlerts(later.client, ids(45), undefined, comment);
  expect([results.length, interruption?.unknown.length, interruption?.unsent.length]).toEqual([20, 0, 25]);
});
