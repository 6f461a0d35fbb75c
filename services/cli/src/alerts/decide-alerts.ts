import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { AlertActionSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { UsageError } from "../errors/usage-error.ts";
import { inCommandWords } from "../remote/command-words.ts";
import { hasUnknownOutcome } from "../remote/unknown-outcome.ts";
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

/** The results of an action on several alerts. */
export interface Decisions {
  readonly results: readonly Decided[];
  /** Undefined: each alert has a result. */
  readonly interruption: Interruption | undefined;
}

/** A call that failed after the action was perhaps performed on some alerts. */
export interface Interruption {
  readonly error: Error;
  /** Alerts of the call that failed: the action was performed on them, or not. */
  readonly unknown: readonly Target[];
  /** Alerts that were not sent. */
  readonly unsent: readonly Target[];
}

/** Number of alerts in one call: after an interruption, it is unknown for as many whether they were changed. */
const ALERTS_PER_CALL = 20;

/**
 * Reads the alerts, then performs the same action on each, based on the version that was read, or on the version behind
 * the "@" of an id. The service performs the same action of a person on the same version once.
 * @param version the version to send instead; only for one alert
 * @returns one result per alert: first those that do not exist, then the others in the order in which they were given
 * @throws UsageError for wrong ids, and for values that the service rejects for all alerts
 */
export async function decideAlerts(
  alerts: AlertClient,
  ids: readonly string[],
  version: number | undefined,
  action: (target: Target) => Action,
): Promise<Decisions> {
  if (ids.length > MAX_ALERTS)
    throw new UsageError(`${ids.length} alerts were given; one call takes at most ${MAX_ALERTS}`);
  if (version !== undefined && ids.length > 1)
    throw new UsageError("--version is for one alert; without it, the current version of each alert is used");
  const named = ids.map(withVersion);
  const versions = new Map(named.map(({ id, seen }) => [id.trim().toLowerCase(), seen]));
  const found = await findAlerts(
    alerts,
    named.map(({ id }) => id),
  );
  const results: Decided[] = found.flatMap((one) =>
    "error" in one
      ? [
          {
            ...{ given: one.given, alert: undefined, isUnchanged: false },
            error: { code: "NOT_FOUND", reason: "", message: one.error },
          },
        ]
      : [],
  );
  const known = found.flatMap((one) => {
    if (!("alert" in one)) return [];
    const { given, alert } = one;
    const seen = versions.get(given) ?? (version === undefined ? alert.version : BigInt(version));
    return [{ given, alert, target: { alertId: alert.alertId, version: seen } }];
  });
  for (let from = 0; from < known.length; from += ALERTS_PER_CALL) {
    const part = known.slice(from, from + ALERTS_PER_CALL);
    const actions = part.map(({ target }) => ({ action: action(target) }));
    try {
      const answer = await alerts.answer(alerts.client.decideAlerts({ actions }));
      const decided = answer.results.map(({ alert, error }, i) => ({
        ...{ given: part[i]?.given ?? "", alert },
        error: error && { code: error.code, reason: error.reason, message: inCommandWords(error.message) },
        isUnchanged: error === undefined && alert?.version === part[i]?.alert.version,
      }));
      const [first] = decided;
      if (from === 0 && first?.error && decided.every(({ error }) => error?.code === "INVALID_ARGUMENT"))
        throw new UsageError(first.error.message);
      results.push(...decided);
    } catch (error) {
      const isUnknown = error instanceof Error && hasUnknownOutcome(error);
      if (!(error instanceof Error) || error instanceof UsageError || (from === 0 && !isUnknown)) throw error;
      const targets = known.slice(from).map(({ target }) => target);
      const called = isUnknown ? part.length : 0;
      return { results, interruption: { error, unknown: targets.slice(0, called), unsent: targets.slice(called) } };
    }
  }
  return { results, interruption: undefined };
}

/** Splits an id such as "0190f3c0-…@3", which the command names that continues an interrupted one. */
function withVersion(text: string): { readonly id: string; readonly seen: bigint | undefined } {
  const [, id = text, seen] = /^(.*)@([1-9][0-9]{0,14})$/s.exec(text) ?? [];
  return { id, seen: seen === undefined ? undefined : BigInt(seen) };
}
