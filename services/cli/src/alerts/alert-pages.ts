import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService, type ListAlertsRequestSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CliContext } from "../context/cli-context.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";

export type AlertClient = OpsClient<typeof AlertService>;

/** Maximum number of alerts in one answer. */
const PAGE_SIZE = 200;

/** Highest number of alerts that the service counts. */
export const MAX_COUNTED = 10_000;

/** Opens a connection to the alerts of ops-service. @param url from --ops; undefined: from the environment */
export const openAlerts = (context: CliContext, url: string | undefined): AlertClient =>
  openOps(context, url, AlertService);

/** A part of a list. */
export interface AlertPage {
  readonly alerts: readonly Alert[];
  /** Number of alerts of the whole list, up to MAX_COUNTED + 1, which means: more. */
  readonly total: number;
  readonly isLast: boolean;
}

/** Reads the alerts of a list, page by page. @param limit maximum number of alerts; undefined: all */
export async function* readAlerts(
  { client, answer }: AlertClient,
  request: MessageInitShape<typeof ListAlertsRequestSchema>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<AlertPage> {
  let pageToken = "";
  for (let rest = limit; rest > 0; ) {
    const page = await answer(client.listAlerts({ ...request, pageToken, pageSize: Math.min(PAGE_SIZE, rest) }));
    rest -= page.alerts.length;
    pageToken = page.nextPageToken;
    yield { alerts: page.alerts, total: page.totalSize, isLast: pageToken === "" };
    if (pageToken === "") return;
  }
}
