import { type Erasure, type ErasurePlace, ErasureService } from "@bellwether/gen/bellwether/ops/v1/erasure_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

const TIMEOUT_MS = 10_000;
const MAX_ERASURES = 200;

/** `bellwether audit erasures` */
export function erasuresCommand(context: CliContext): Command {
  return withOps(new Command("erasures"))
    .description(
      "List erasures, newest first: whether the batches of the audit log were searched, and what each scheduler-service has erased in its files of weeks.",
    )
    .option("--limit <count>", "maximum number of erasures, 1 to 200", wholeNumber(1, MAX_ERASURES), 20)
    .addHelpText("after", "\nExample:\n  npx bellwether audit erasures")
    .action(async (options: OpsOptions & { readonly limit: number }) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, ErasureService);
      const request = { pageSize: options.limit };
      const { erasures, nextPageToken } = await ops.answer(ops.client.listErasures(request, { timeoutMs: TIMEOUT_MS }));
      for (const erasure of erasures) for (const line of erasureLines(erasure)) report.line(line);
      if (erasures.length === 0) report.line("no texts about a supplier were erased");
      if (nextPageToken !== "") report.line(`the newest ${erasures.length} erasures; --limit shows more`);
      report.json({ erasures: erasures.map(erasureJson), more: nextPageToken !== "" });
    });
}

function erasureJson(erasure: Erasure) {
  const { erasureId, supplierId, erasedAt, erasedBy, batchesDone, batchPayloads, places } = erasure;
  return {
    ...{ erasure_id: erasureId, supplier_id: supplierId, erased_by: erasedBy },
    erased_at: erasedAt ? timestampDate(erasedAt).toISOString() : null,
    ...{ batches_done: batchesDone, batch_payloads: Number(batchPayloads) },
    places: places.map(placeJson),
  };
}

function placeJson({ place, reportedAt, report }: ErasurePlace) {
  const { snapshots = 0, reports = 0, copies = 0, waitingWeeks = [] } = report ?? {};
  const at = reportedAt ? timestampDate(reportedAt).toISOString() : null;
  return { place, reported_at: at, snapshots, reports, copies, waiting_weeks: waitingWeeks };
}

function erasureLines(erasure: Erasure): string[] {
  const { supplier_id, erased_at, erased_by, batches_done, batch_payloads, places } = erasureJson(erasure);
  const searched = batches_done ? "searched" : "being searched";
  return [
    `${supplier_id}: erased ${erased_at} by ${erased_by}`,
    `  batches of the audit log: ${searched}, ${countText(batch_payloads, "payload")} erased`,
    ...(places.length === 0 ? ["  files of weeks: pending, no scheduler-service has reported"] : places.map(placeLine)),
  ];
}

function placeLine({ place, reported_at, snapshots, reports, copies, waiting_weeks }: ReturnType<typeof placeJson>) {
  const counts = [countText(snapshots, "snapshot"), countText(reports, "report"), countText(copies, "copy", "copies")];
  const state =
    waiting_weeks.length === 0 ? "done" : `pending for ${waiting_weeks.join(", ")}, whose runs are not complete`;
  return `  files of ${place}: ${state}; texts erased in ${counts.join(", ")}; reported ${reported_at}`;
}
