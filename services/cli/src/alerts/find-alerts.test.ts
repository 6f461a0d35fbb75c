import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { AlertClient } from "./alert-pages.ts";
import { findAlerts } from "./find-alerts.ts";

const A = "0190f3c0-0000-4000-8000-00000000000a";
const B = "0190f3c0-1000-4000-8000-00000000000b";

/** Returns a client of a service that has these alerts. */
function clientOf(ids: readonly string[]): AlertClient {
  const transport = createRouterTransport(({ service }) => {
    service(AlertService, {
      listAlerts({ alertIdPrefix }) {
        const found = ids.filter((id) => id.startsWith(alertIdPrefix));
        return { alerts: found.map((alertId) => ({ alertId })), totalSize: found.length };
      },
      getAlert({ alertId }) {
        if (!ids.includes(alertId)) throw new ConnectError(`no alert has the id ${alertId}`, Code.NotFound);
        return { alert: { alertId } };
      },
    });
  });
  return {
    client: createClient(AlertService, transport),
    answer: (call) =>
      call.catch((cause: unknown) => {
        throw new Error(ConnectError.from(cause).rawMessage, { cause });
      }),
    [Symbol.dispose]: () => {},
  };
}

test("the first characters of an id name its alert when no other id begins with them", async () => {
  const found = await findAlerts(clientOf([A, B]), [A.slice(0, 8), B.slice(0, 10), "ffffffff", ` ${A.toUpperCase()}`]);
  expect(found).toEqual([
    { given: "0190f3c0", error: `2 alerts have an id that begins with 0190f3c0: ${A}, ${B}` },
    { given: B.slice(0, 10), alert: create(AlertSchema, { alertId: B }) },
    { given: "ffffffff", error: "no alert has an id that begins with ffffffff" },
    { given: A, alert: create(AlertSchema, { alertId: A }) },
  ]);
});

test("an alert that was given twice is returned once; an unknown id is reported", async () => {
  const none = A.replace(/a$/, "c");
  expect(await findAlerts(clientOf([A]), [A, A.slice(0, 8), none])).toEqual([
    { given: A, alert: create(AlertSchema, { alertId: A }) },
    { given: none, error: `no alert has the id ${none}` },
  ]);
});

test.each(["0190f3c", "0190f3cx", "", "%", `${A}0`])("%j is not a part of an id", async (text) => {
  await expect(findAlerts(clientOf([A]), [text])).rejects.toThrow("at least its first 8 characters");
});
