import { randomUUID } from "node:crypto";
import { AlertService, WatchAlertsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create } from "@bufbuild/protobuf";
import { createHandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { Change } from "../domain/change.ts";
import type { AlertNames } from "./alert-to-proto.ts";
import { alertHandlers } from "./alerts.ts";

const VIEW: AlertNames = {
  alert: {
    ...{
      id: randomUUID(),
      supplierId: 1,
      modelName: "demo",
      ruleId: "high-score",
      dimension: "score",
      severity: "critical",
      state: "open",
    },
    ...{
      disposition: null,
      riskScore: 0.9,
      raisedRunId: 1,
      lastRunId: 1,
      resolvedAt: null,
      acknowledgedBy: "",
      replacedBy: null,
    },
    ...{ raisedAt: new Date(0), changedAt: new Date(0), summary: "" },
  },
  ...{ supplierExternalId: "S_1", supplierName: "", raisedWeek: "2026-W47", lastWeek: "2026-W47" },
  ...{ modelVersion: "v1", replacedByRuleId: null, reasons: [] },
};

async function* changes(): AsyncGenerator<Change> {
  for (const payload of ["7", "8"]) yield { payload, notification: Number(payload) };
}
const unused = (): never => expect.fail("not asked for");

test("a change of alerts makes one query, whatever the number of watches", async () => {
  const asked: number[] = [];
  const { watchAlerts } = alertHandlers({
    listModels: unused,
    ...{ listAlerts: unused, findAlert: unused, listAlertEvents: unused, triage: unused, now: () => new Date(0) },
    watchAlerts: async () => changes(),
    listChanged: async (changeId) => {
      asked.push(changeId);
      return changeId === 7 ? [VIEW] : [];
    },
  });
  const context = createHandlerContext({
    ...{ service: AlertService, method: AlertService.method.watchAlerts, protocolName: "connect" },
    ...{ requestMethod: "POST", url: "https://ops.example/" },
  });
  const watches = await Promise.all(
    Array.from({ length: 100 }, () => Array.fromAsync(watchAlerts(create(WatchAlertsRequestSchema), context))),
  );
  expect(asked).toEqual([7, 8]);
  for (const messages of watches) {
    expect(messages.map(({ alerts = [] }) => alerts.map(({ supplierId }) => supplierId))).toEqual([[], ["S_1"]]);
  }
});
