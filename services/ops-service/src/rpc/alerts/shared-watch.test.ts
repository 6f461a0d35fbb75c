import { AlertService, WatchAlertsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create } from "@bufbuild/protobuf";
import { createHandlerContext } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import type { AnnouncedChange } from "../../domain/alerts/announced-change.ts";
import { NO_MERGES } from "../../domain/merges/merge-links.ts";
import type { AlertNames } from "../messages/alert-to-proto.ts";
import { alertWatch } from "./watch-alerts.ts";

const VIEW: AlertNames = {
  alert: testAlert({ modelName: "demo" }),
  ...{ supplierExternalId: "S_1", supplierName: "", raisedWeek: "2026-W47", lastWeek: "2026-W47" },
  ...{
    modelVersion: "v1",
    replacedByRuleId: null,
    reasons: [],
    region: "",
    category: "",
    exposure: null,
    exposureCurrency: "",
    formula: null,
    sequence: 7,
  },
};

async function* changes(): AsyncGenerator<AnnouncedChange> {
  for (const payload of ["7", "8"]) yield { payload, notification: Number(payload) };
}
const unused = (): never => expect.fail("not asked for");

const CONTEXT = createHandlerContext({
  ...{ service: AlertService, method: AlertService.method.watchAlerts, protocolName: "connect" },
  ...{ requestMethod: "POST", url: "https://ops.example/" },
});

test("a change of alerts makes one query, whatever the number of watches", async () => {
  const asked: number[] = [];
  const watchAlerts = alertWatch({
    listChangedAfter: unused,
    listAlertModels: unused,
    findSupplierNumber: unused,
    withSurvivors: unused,
    links: () => NO_MERGES,
    newestSequence: async () => 6,
    watchAlerts: async () => changes(),
    listChanged: async (sequence) => {
      asked.push(sequence);
      return sequence === 7 ? [VIEW] : [];
    },
  });
  const watches = await Promise.all(
    Array.from({ length: 100 }, () => Array.fromAsync(watchAlerts(create(WatchAlertsRequestSchema), CONTEXT))),
  );
  expect(asked).toEqual([7, 8]);
  for (const messages of watches) {
    expect(messages.map(({ alerts = [] }) => alerts.map(({ supplierId }) => supplierId))).toEqual([[], ["S_1"]]);
  }
});

test("watches that begin together write their pages in separate iterations of the event loop", async () => {
  const watchAlerts = alertWatch({
    listChanged: unused,
    listAlertModels: unused,
    findSupplierNumber: unused,
    withSurvivors: unused,
    links: () => NO_MERGES,
    newestSequence: async () => 7,
    watchAlerts: async () => (async function* () {})(),
    listChangedAfter: async () => [VIEW],
  });
  const request = create(WatchAlertsRequestSchema, { afterSequence: 0n });
  const pages = { written: 0, most: 0, isOver: false };
  const look = (before: number): void => {
    pages.most = Math.max(pages.most, pages.written - before);
    const { written } = pages;
    if (!pages.isOver) setImmediate(() => look(written));
  };
  look(0);
  const reading = Array.from({ length: 50 }, async () => {
    for await (const { alerts = [] } of watchAlerts(request, CONTEXT)) if (alerts.length > 0) pages.written++;
  });
  await Promise.all(reading);
  pages.isOver = true;
  expect(pages).toMatchObject({ written: 50, most: 1 });
});
