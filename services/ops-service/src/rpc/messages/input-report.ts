import type { InputReport as ProtoReport } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { InputReport } from "../../domain/runs/compose-report.ts";

/** Converts what a run reports about its files and rejected rows. Null: nothing. */
export function inputReportFromProto(report: ProtoReport | undefined): InputReport | null {
  if (report === undefined) return null;
  return {
    reasons: report.reasons.map(({ stage, source, column, reason, rows }) => ({
      ...{ stage, source, column, reason, rows: Number(rows) },
    })),
    reasonsCount: Math.max(report.reasonsCount, report.reasons.length),
    samples: report.samples.map(({ source, file, line, column, reason, text }) => ({
      ...{ source, file, line: line === 0n ? null : Number(line), column, reason, text },
    })),
    files: report.files.map(({ source, file, rows, rowsRejected, sha256 }) => ({
      ...{ source, file, rows: Number(rows), rejected: Number(rowsRejected), sha256 },
    })),
  };
}
