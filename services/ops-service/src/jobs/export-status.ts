import { metrics } from "@opentelemetry/api";
import type { ExportBacklog, ExportSink } from "../domain/exports/event-export.ts";

/** What a sink reported last. */
export interface ExportReport {
  readonly backlog: ExportBacklog;
  /** Why the last pass failed, one line. Null: it succeeded. */
  readonly problem: string | null;
}

/** Figures of all exports, for metrics and /readyz. */
export interface ExportStatus extends Disposable {
  report(report: ExportReport): void;
  /** Says which sinks are behind, for /readyz. Empty: none. */
  text(): string;
}

/** Age from which a sink counts as behind, seconds. The archive writes an hour after its end. */
const BEHIND_S: Readonly<Record<ExportSink, number>> = { kafka: 300, archive: 7_200 };

/** Reports `bellwether.export.backlog` and `bellwether.export.oldest_age`, by sink and stream. */
export function createExportStatus(): ExportStatus {
  const meter = metrics.getMeter("bellwether.export");
  const reports = new Map<string, ExportReport>();
  const observe = (name: string, unit: string, description: string, figureOf: (of: ExportBacklog) => number) => {
    const gauge = meter.createObservableGauge(name, { unit, description });
    const callback: Parameters<typeof gauge.addCallback>[0] = (result) => {
      for (const { backlog } of reports.values())
        result.observe(figureOf(backlog), { sink: backlog.sink, stream: backlog.stream });
    };
    gauge.addCallback(callback);
    return () => gauge.removeCallback(callback);
  };
  const removes = [
    observe("bellwether.export.backlog", "{event}", "Events that a sink does not have yet.", ({ events }) => events),
    observe(
      "bellwether.export.oldest_age",
      "s",
      "Age of the oldest event that a sink does not have yet.",
      (of) => of.oldestAgeS,
    ),
  ];
  return {
    report: (report) => void reports.set(`${report.backlog.sink}/${report.backlog.stream}`, report),
    text: () =>
      [...reports.values()]
        .filter(({ backlog: { sink, events, oldestAgeS } }) => events > 0 && oldestAgeS > BEHIND_S[sink])
        .map(
          ({ backlog: { sink, stream, events, oldestAgeS }, problem }) =>
            `${sink} is behind with ${events} events of ${stream}, the oldest is ${Math.round(oldestAgeS / 60)} minutes old${problem === null ? "" : `: ${problem}`}`,
        )
        .join("; "),
    [Symbol.dispose]() {
      for (const remove of removes) remove();
    },
  };
}
