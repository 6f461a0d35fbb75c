import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ReportFormat, ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { download } from "../export/download.ts";
import { problemOf } from "../rpc/problem.ts";

const FORMATS = [
  ["HTML page", ReportFormat.HTML],
  ["CSV", ReportFormat.CSV],
  ["JSON", ReportFormat.JSON],
] as const;

/** Buttons that download the report of a complete run. */
export function ReportDownloads({ run }: { run: BatchRun }) {
  const transport = useTransport();
  const [problem, setProblem] = useState("");
  const save = async (format: ReportFormat): Promise<void> => {
    setProblem("");
    try {
      const { isoWeek, modelName } = run;
      const request = { isoWeek, modelName, format };
      const { fileName, mediaType, content } = await callUnaryMethod(
        transport,
        ReportService.method.getReport,
        request,
      );
      download(fileName, mediaType, content);
    } catch (error) {
      const { title, wayOut } = problemOf(error, true);
      setProblem(`${title}. ${wayOut}`);
    }
  };
  return (
    <p className="week-tools">
      <span className="quiet">Download the report</span>
      {FORMATS.map(([name, format]) => (
        <button type="button" key={name} onClick={() => void save(format)}>
          {name}
        </button>
      ))}
      {problem && <span role="alert">{visibleText(problem)}</span>}
    </p>
  );
}
