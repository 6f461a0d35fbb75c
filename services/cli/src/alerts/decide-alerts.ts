import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { AlertActionSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { UsageError } from "../errors/usage-error.ts";
import type { AlertClient } from "./alert-pages.ts";
import { findAlerts } from "./find-alerts.ts";

/** Maximum number of alerts in one call. */
const MAX_ALERTS = 200;

/** An alert, and the version of it on which an action is based. */
export interface Target {
  readonly alertId: string;
  readonly version: bigint;
}

/** An action on an alert. */
export type Action = NonNullable<MessageInitShape<typeof AlertActionSchema>["action"]>;

/** The result of an action on one alert. */
export interface Decided {
  /** The id, or its first characters, as the user gave it. */
  readonly given: string;
  /** The alert after the call. Undefined: there is none. */
  readonly alert: Alert | undefined;
  /** Whether the action changed nothing, because the alert was as it asks for. */
  readonly isUnchanged: boolean;
  /** Why the action failed. Undefined: the action was performed. `code` and `reason` are from the error of the RPC. */
  readonly error: { readonly code: string; readonly reason: string; readonly message: string } | undefined;
}

/**
 * Reads the alerts, then performs the same action on each, based on the version that was read.
 * @param version the version to send instead; only for one alert
 * @returns one result per alert: first those that do not exist, then the others in the order in which they were given
 * @throws UsageError for wrong ids, and for values that the service rejects for all alerts
 */
export async function decideAlerts(
  alerts: AlertClient,
  ids: readonly string[],
  version: number | undefined,
  action: (target: Target) => Action,
): Promise<readonly Decided[]> {
  if (ids.length > MAX_ALERTS)
    throw new UsageError(`${ids.length} alerts were given; one call takes at most ${MAX_ALERTS}`);
  if (version !== undefined && ids.length > 1)
    throw new UsageError("--version is for one alert; without it, the current version of each alert is used");
  const found = await findAlerts(alerts, ids);
  const unknown: readonly Decided[] = found.flatMap((one) =>
    "error" in one
      ? [
          {
            ...{ given: one.given, alert: undefined, isUnchanged: false },
            error: { code: "NOT_FOUND", reason: "", message: one.error },
          },
        ]
      : [],
  );
  const known = found.flatMap((one) => ("alert" in one ? [one] : []));
  if (known.length === 0) return unknown;
  const actions = known.map(({ alert }) => ({
    action: action({ alertId: alert.alertId, version: version === undefined ? alert.version : BigInt(version) }),
  }));
  const { results } = await alerts.answer(alerts.client.decideAlerts({ actions }));
  const decided = results.map(({ alert, error }, i) => ({
    ...{ given: known[i]?.given ?? "", alert, error },
    isUnchanged: error === undefined && alert?.version === known[i]?.alert.version,
  }));
  const [first] = decided;
  if (first?.error && decided.every(({ error }) => error?.code === "INVALID_ARGUMENT"))
    throw new UsageError(first.error.message);
  return [...unknown, ...decided];
}
