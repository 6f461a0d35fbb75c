import { type Alert, AlertEventKind, AlertEventSchema, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import type { Supplier, SupplierScore } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { createWatched } from "./watched.ts";

const HEARTBEAT_MS = 2_000;

/** The data of the server. Tests change it, and report the change to the watches. */
export interface OpsData {
  alerts: Alert[];
  suppliers: Supplier[];
  /** Scores by supplier id, newest first. */
  histories: Map<string, SupplierScore[]>;
  runs: BatchRun[];
}

/**
 * Returns the ops contracts over data in memory, with what the page relies on: filters, order, pages, errors
 * and watches.
 * @param meanwhile changes an alert as somebody else would, between the user's click and the call
 */
export function opsInMemory(data: OpsData, meanwhile: (alert: Alert) => void = () => {}) {
  const changes = createWatched<MessageInitShape<typeof AlertService.method.watchAlerts.output>>();
  const runs = createWatched<BatchRun>();
  const events = new Map<string, MessageInitShape<typeof AlertEventSchema>[]>();

  const find = (alertId: string): Alert => {
    const alert = data.alerts.find((one) => one.alertId === alertId);
    if (!alert) throw new ConnectError(`alert ${alertId} does not exist`, Code.NotFound);
    return alert;
  };
  const record = (alert: Alert, kind: AlertEventKind, note: string): void => {
    const event = create(AlertEventSchema, { kind, note, actor: "ana", occurredAt: timestampNow() });
    events.set(alert.alertId, [event, ...(events.get(alert.alertId) ?? [])]);
    alert.changedAt = timestampNow();
    alert.version++;
    changes.report({ alerts: [alert] });
  };

  const routes: Route[] = [
    route(AlertService, {
      listAlerts({ states, severity, supplierId, modelName, pageToken, pageSize }) {
        const wanted =
          states.length > 0 ? states : [AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.IN_MITIGATION];
        const found = data.alerts
          .filter((alert) => wanted.includes(alert.state))
          .filter((alert) => severity === 0 || alert.severity === severity)
          .filter((alert) => modelName === "" || alert.modelName === modelName)
          .filter((alert) => supplierId === "" || alert.supplierId === supplierId)
          .toSorted((a, b) => b.severity - a.severity);
        const start = Number(pageToken);
        const end = start + (pageSize || 50);
        return { alerts: found.slice(start, end), nextPageToken: end < found.length ? String(end) : "" };
      },
      getAlert: ({ alertId }) => ({ alert: find(alertId), events: events.get(alertId) ?? [] }),
      acknowledgeAlert({ alertId, note }) {
        const alert = find(alertId);
        meanwhile(alert);
        if (alert.state === AlertState.RESOLVED) throw new ConnectError("it is resolved", Code.FailedPrecondition);
        alert.state = AlertState.ACKNOWLEDGED;
        alert.acknowledgedBy = "ana";
        record(alert, AlertEventKind.ACKNOWLEDGED, note);
        return { alert };
      },
      resolveAlert({ alertId, disposition, note }) {
        const alert = find(alertId);
        meanwhile(alert);
        if (alert.state === AlertState.RESOLVED) throw new ConnectError("it is resolved", Code.FailedPrecondition);
        alert.state = AlertState.RESOLVED;
        alert.disposition = disposition;
        record(alert, AlertEventKind.RESOLVED, note);
        return { alert };
      },
      async *watchAlerts(_request, { signal }) {
        const heartbeat = setInterval(() => changes.report({}), HEARTBEAT_MS);
        try {
          yield {};
          yield* changes.values(signal);
        } finally {
          clearInterval(heartbeat);
        }
      },
    }),
    route(SupplierService, {
      listSuppliers: ({ band }) => ({
        suppliers: data.suppliers.filter(({ latestScore }) => band === 0 || latestScore?.band === band),
      }),
      getSupplier({ supplierId, modelName: wanted }) {
        const supplier = data.suppliers.find((one) => one.supplierId === supplierId);
        if (!supplier) throw new ConnectError(`supplier ${supplierId} does not exist`, Code.NotFound);
        const all = data.histories.get(supplierId) ?? [];
        const models = [...new Set(all.map(({ model }) => model?.name ?? ""))];
        const modelName = wanted || models[0] || "";
        const history = all.filter(({ model }) => model?.name === modelName);
        const latestScore = supplier.latestScore?.model?.name === modelName ? supplier.latestScore : history[0];
        return {
          ...{ history, modelName, scoredByModels: models },
          supplier: { ...supplier, ...(latestScore && { latestScore }) },
        };
      },
    }),
    route(BatchService, {
      getRun({ isoWeek }) {
        const run = data.runs.find((one) => isoWeek === "" || one.isoWeek === isoWeek);
        if (!run) throw new ConnectError(`a run of ${isoWeek} does not exist`, Code.NotFound);
        return { run };
      },
      listRuns: () => ({ runs: data.runs }),
      async *watchRun({ runId }, { signal }) {
        const now = data.runs.find((one) => one.runId === runId);
        if (!now) throw new ConnectError(`run ${runId} does not exist`, Code.NotFound);
        yield { run: now };
        for await (const run of runs.values(signal)) {
          if (run.runId === runId) yield { run };
          if (run.state !== RunState.RUNNING) return;
        }
      },
    }),
  ];
  return { routes, changes, runs };
}
