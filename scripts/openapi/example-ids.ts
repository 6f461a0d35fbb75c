const ops = (service: string, method: string): string => `/bellwether.ops.v1.${service}/${method}`;
const registry = (service: string, method: string): string => `/bellwether.registry.v1.${service}/${method}`;

const LIST_ALERTS = ops("AlertService", "ListAlerts");
const LIST_VERSIONS = registry("ModelRegistryService", "ListVersions");
const LIST_DESTINATIONS = ops("NoticeService", "ListDestinations");
const GET_IDENTITY = ops("SupplierMergeService", "GetSupplierIdentity");
const LIST_DUPLICATES = ops("SupplierMergeService", "ListDuplicates");
const LIST_RULE_SETS = ops("RuleService", "ListRuleSets");

/** Fields whose values each installation has of its own, with the operation that answers them. */
const SOURCES: Readonly<Record<string, string>> = {
  ...{ alertId: LIST_ALERTS, alert_id: LIST_ALERTS },
  keyId: ops("ApiKeyService", "ListApiKeys"),
  watchlistId: ops("WatchlistService", "ListWatchlists"),
  erasureId: ops("ErasureService", "ListErasures"),
  delegationId: ops("DelegationService", "ListDelegations"),
  noticeId: ops("NoticeService", "ListNotices"),
  destination: LIST_DESTINATIONS,
  lease: ops("BatchService", "StartRun"),
  runId: ops("BatchService", "ListRuns"),
  gateId: registry("ModelRegistryService", "GetGateResult"),
  setId: LIST_RULE_SETS,
  mergeId: GET_IDENTITY,
  ...{ firstId: LIST_DUPLICATES, secondId: LIST_DUPLICATES, survivorId: LIST_DUPLICATES, mergedId: LIST_DUPLICATES },
  ...{ firstVersion: GET_IDENTITY, secondVersion: GET_IDENTITY },
  ...{ survivorVersion: GET_IDENTITY, mergedVersion: GET_IDENTITY },
  outcomeId: ops("OutcomeService", "ListOutcomes"),
  jobId: "/bellwether.schedule.v1.ScheduleService/TriggerRun",
};

/** The same for fields of a single operation, whose names have another meaning elsewhere. */
const OWN_SOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [ops("AuditService", "ReplayPrediction")]: { id: ops("AuditService", "QueryEvents") },
  [ops("NoticeService", "EnableDestination")]: { name: LIST_DESTINATIONS },
  [ops("RuleService", "ActivateRuleDraft")]: { version: LIST_RULE_SETS },
  [ops("RuleService", "RetireRuleSet")]: { activationNumber: LIST_RULE_SETS },
  [ops("SessionService", "EndSessions")]: { subject: ops("SessionService", "ListSessions") },
  [registry("ModelPublishingService", "ApprovePromotion")]: { version: LIST_VERSIONS },
  [registry("ModelPublishingService", "RejectPromotion")]: { version: LIST_VERSIONS },
  [registry("ModelPublishingService", "RemoveVersion")]: { version: LIST_VERSIONS },
};

/**
 * Returns the fields of an example request whose values are not in every installation, each with the path of the
 * operation that answers the values of this one.
 */
export function exampleIds(path: string, request: unknown): Readonly<Record<string, string>> {
  const sources = { ...SOURCES, ...OWN_SOURCES[path] };
  const found: Record<string, string> = {};
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      const source = sources[name];
      if (source === undefined) visit(inner);
      else {
        found[name] = source;
        if (source === LIST_ALERTS && "version" in value) found.version = source;
      }
    }
  };
  visit(request);
  return found;
}
