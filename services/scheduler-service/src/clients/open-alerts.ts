import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import type { AlertLimits, OpenAlerts } from "@bellwether/scoring/promotion/alert-changes";
import { alertLimitsOf } from "@bellwether/scoring/promotion/alert-limits";
import { createClient, type Transport } from "@connectrpc/connect";
import { PeerRejectedError, PeerUnavailableError } from "../domain/scheduler-error.ts";
import { AGAIN_MS, callAgain } from "./call-again.ts";

const PEER = "ops-service";
const PAGE_SIZE = 200;
/** Maximum number of alerts that are read. */
const MAX_ALERTS = 100_000;

/**
 * Creates a function that returns the suppliers with an active alert of a model, and the limits of its alert rules. When ops-service does not answer, they are not known: the
 * promotion gate then leaves the decision to a person.
 * @param againMs time between two attempts, ms
 */
export function createOpenAlerts(
  transport: Transport,
  modelName: string,
  againMs = AGAIN_MS,
): (signal: AbortSignal) => Promise<OpenAlerts> {
  const alerts = createClient(AlertService, transport);
  const rules = createClient(RuleService, transport);
  const readLimits = async (signal: AbortSignal): Promise<readonly AlertLimits[]> => {
    const { ruleSets } = await callAgain(PEER, () => rules.listRuleSets({}, { signal }), signal, againMs);
    return alertLimitsOf(ruleSets, modelName);
  };
  return async (signal) => {
    const suppliers = new Set<string>();
    let [pageToken, read] = ["", 0];
    let limits: readonly AlertLimits[] = [];
    try {
      limits = await readLimits(signal);
      do {
        const request = { modelName, pageSize: PAGE_SIZE, pageToken };
        const page = await callAgain(PEER, () => alerts.listAlerts(request, { signal }), signal, againMs);
        for (const { supplierId } of page.alerts) suppliers.add(supplierId);
        read += page.alerts.length;
        pageToken = page.nextPageToken;
      } while (pageToken !== "" && read < MAX_ALERTS);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PeerUnavailableError) && !(error instanceof PeerRejectedError)) throw error;
      return { suppliers: null, text: error.message };
    }
    return { suppliers, text: `${pageToken === "" ? "" : `the first ${read} `}active alerts of ops-service`, limits };
  };
}
