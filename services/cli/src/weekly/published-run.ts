import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { type Check, describeChecks } from "@bellwether/plausibility/check";
import { checkFromProto } from "@bellwether/plausibility/check-proto";
import { countText } from "@bellwether/reasons/count-text";
import type { CliContext } from "../context/cli-context.ts";
import { openOps } from "../remote/ops-client.ts";

/** What ops-service knows about a run that scheduler-service has completed. */
export interface PublishedRun {
  readonly alertsRaised: number;
  readonly checks: readonly Check[];
}

/** Reads the alerts and checks of a run. An error is part of the result: the run is complete all the same. */
export async function readPublishedRun(
  context: CliContext,
  url: string | undefined,
  runId: number,
): Promise<PublishedRun | Error> {
  using ops = openOps(context, url, BatchService);
  try {
    const { run } = await ops.answer(ops.client.getRun({ runId }));
    if (!run) throw new Error(`ops-service returned no run ${runId}`);
    return { alertsRaised: run.alertsRaised, checks: run.checks.flatMap(checkFromProto) };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Returns the alerts and checks of a run in lines for people. */
export function publishedLines(run: PublishedRun | Error): string[] {
  if (run instanceof Error) return [`alerts and checks are not known: ${run.message}`];
  return [`${countText(run.alertsRaised, "alert")} raised`, ...describeChecks(run.checks).map((one) => `check ${one}`)];
}

/** The fields under --json. Null: not known. */
export const publishedToJson = (run: PublishedRun | Error): object =>
  run instanceof Error
    ? { alerts_raised: null, checks: null }
    : { alerts_raised: run.alertsRaised, checks: run.checks };
