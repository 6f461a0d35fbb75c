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
  /** Reports that nothing is exported at all until the next report, and why. */
  reportEnd(problem: string): void;
  /** Says which sinks fail or are behind, and why, for /readyz. Empty: none. */
  text(): string;
}

/** Age from which a sink counts as behind, seconds. The archive writes an hour after its end. */
const BEHIND_S: Readonly<Record<ExportSink, number>> = { kafka: 300, archive: 7_200 };

/** Reports `bellwether.export.backlog`, `.oldest_age` and `.failing`, by sink and stream. */
export function createExportStatus(): ExportStatus {
  const meter = metrics.getMeter("bellwether.export");
  const reports = new Map<string, ExportReport>();
  let endProblem: string | null = null;
  const observe = (name: string, unit: string, description: string, figureOf: (of: ExportReport) => number) => {
    const gauge = meter.createObservableGauge(name, { unit, description });
    const callback: Parameters<typeof gauge.addCallback>[0] = (result) => {
      for (const report of reports.values())
        result.observe(figureOf(report), { sink: report.backlog.sink, stream: report.backlog.stream });
    };
    gauge.addCallback(callback);
    return () => gauge.removeCallback(callback);
  };
  const removes = [
    observe(
      "bellwether.export.backlog",
      "{event}",
      "Events that a sink does not have yet.",
      ({ backlog }) => backlog.events,
    ),
    observe(
      "bellwether.export.oldest_age",
      "s",
      "Age of the oldest event that a sink does not have yet.",
      ({ backlog }) => backlog.oldestAgeS,
    ),
    observe("bellwether.export.failing", "1", "1: the last try of a sink failed; 0: it succeeded.", ({ problem }) =>
      problem === null && endProblem === null ? 0 : 1,
    ),
  ];
  return {
    report(report) {
      endProblem = null;
      reports.set(`${report.backlog.sink}/${report.backlog.stream}`, report);
    },
    reportEnd(problem) {
      endProblem = problem;
    },
    text: () =>
      [
        ...(endProblem === null ? [] : [`events are not exported: ${endProblem}`]),
        ...[...reports.values()].flatMap(textOf),
      ].join("; "),
    [Symbol.dispose]() {
      for (const remove of removes) remove();
    },
  };
}

function textOf({ backlog: { sink, stream, events, oldestAgeS }, problem }: ExportReport): string | readonly string[] {
  const why = problem === null ? "" : `: ${problem}`;
  if (events > 0 && oldestAgeS > BEHIND_S[sink])
    return `${sink} is behind with ${events} events of ${stream}, the oldest is ${Math.round(oldestAgeS / 60)} minutes old${why}`;
  return problem === null ? [] : `${sink} does not take events of ${stream}${why}`;
}
