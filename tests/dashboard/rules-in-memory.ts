import type { ApiKeySchema } from "@bellwether/gen/bellwether/ops/v1/api_key_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import type { BacktestRulesResponseSchema, BacktestWeekSchema } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import {
  type Delegation,
  DelegationSchema,
  DelegationService,
} from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { DataKind, RetentionService, RetentionUnit } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import {
  type ActivateRuleDraftRequest,
  type PutRuleDraftRequest,
  type RetireRuleSetRequest,
  type RuleActivationSchema,
  RuleDraftSchema,
  RuleService,
  type RuleSet,
  RuleSetSchema,
  RuleSetSource,
} from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

/** The rules and settings of the server. Tests change them. */
export interface RuleData {
  sets: RuleSet[];
  activations: MessageInitShape<typeof RuleActivationSchema>[];
  backtest: MessageInitShape<typeof BacktestRulesResponseSchema>;
  keys: MessageInitShape<typeof ApiKeySchema>[];
  /** Requests in the order in which they came. */
  readonly drafted: PutRuleDraftRequest[];
  readonly activated: ActivateRuleDraftRequest[];
  readonly retired: RetireRuleSetRequest[];
  /** Why the next draft is rejected. Undefined: it is stored. */
  rejection?: string;
}

const AT = timestampFromMs(Date.UTC(2026, 10, 20, 9, 30));
const YAML = "version: 1\nid: default\ncool_down_weeks: 2\n";
const SUMMARY = "Raises an alert with a score of at least 0.7 in 2 runs in a row, or of at least 0.85 at once.";

function weekOf(i: number): MessageInitShape<typeof BacktestWeekSchema> {
  const [raised, found] = [4 + ((i * 7) % 11), i % 4];
  return {
    ...{ isoWeek: `2026-W${String(i + 10).padStart(2, "0")}`, runId: i + 1, scored: 400, raised, active: 12 },
    ...{ recordedRaised: 5 + (i % 5), overBudget: raised > 10 },
    rules: [
      {
        ...{ ruleId: "high-score", raised, recorded: 3, decidedReal: found, decidedNotReal: (i + 1) % 3 },
        ...{ occurred: found, notOccurred: (i + 2) % 5 },
      },
    ],
  };
}

/** Returns a set in use with a draft, a set that is only a draft, and a test of 26 weeks. */
export function demoRules(): RuleData {
  const rules = [
    { ruleId: "high-score", summary: SUMMARY },
    {
      ruleId: "weekly-capacity",
      summary: "Raises alerts about the 10 suppliers of highest expected impact in a week.",
    },
  ];
  const activation = {
    ...{ number: 1n, setId: "default", fromHash: "a".repeat(64), toHash: "b".repeat(64), rulesYaml: YAML },
    ...{ actor: "Grace <b>Hopper</b> (grace)", reason: "fewer alerts <i>late</i>", activatedAt: AT, forced: true },
    forecast: { raisedAtOnce: 120, mostRaised: 14, mostRaisedWeek: "2026-W46", weeklyBudget: 10, weeks: 8 },
  };
  const draft = { version: 3n, changedBy: "Ada (0f3c)", changedAt: AT, hash: "d".repeat(64), rules };
  return {
    sets: [
      create(RuleSetSchema, {
        ...{ setId: "default", source: RuleSetSource.ACTIVATION, hash: "b".repeat(64), rulesYaml: YAML, rules },
        ...{ inFile: true, weeklyBudget: 10, activation, draft: { ...draft, rulesYaml: `${YAML}# draft\n` } },
      }),
      create(RuleSetSchema, {
        ...{ setId: "apac", source: RuleSetSource.ACTIVATION, hash: "c".repeat(64), rulesYaml: YAML, rules },
        ...{ weeklyBudget: 3, regions: ["APAC"], activation: { ...activation, number: 2n, setId: "apac" } },
      }),
      create(RuleSetSchema, { setId: "emea", draft: { ...draft, version: 1n, rulesYaml: YAML } }),
    ],
    activations: [activation],
    backtest: {
      ...{ modelName: "supplier-risk", fromWeek: "2026-W10", toWeek: "2026-W35", weeklyBudget: 10 },
      ...{ weeksOverBudget: 9, raisedAtOnce: 21, weeks: Array.from({ length: 26 }, (_, i) => weekOf(i)) },
      rules: [
        {
          ...{ ruleId: "high-score", raised: 230n, suppliers: 180, occurred: 38n, notOccurred: 50n },
          ...{ precision: 0.43, precisionLow: 0.33, precisionHigh: 0.54, mostRaised: 14, mostRaisedWeek: "2026-W21" },
        },
      ],
      notes: ["9 of 26 weeks would be over the budget of 10 new alerts a week."],
    },
    keys: [
      {
        ...{ keyId: "0199f0c0-4a1b-7c3d-8e5f-0123456789ab", name: "erp-export", prefix: "bwk_1a2b", role: Role.VIEWER },
        ...{ createdBy: "Grace <b>Hopper</b> (grace)", createdAt: AT, expiresAt: AT },
      },
    ],
    drafted: [],
    activated: [],
    retired: [],
  };
}

/** Gives the first rule set another draft. */
function replaceDraft(data: RuleData, draft: MessageInitShape<typeof RuleDraftSchema>): void {
  data.sets = data.sets.map((set, i) => (i === 0 ? { ...set, draft: create(RuleDraftSchema, draft) } : set));
}

/** Returns RuleService, ApiKeyService, DelegationService and RetentionService over data in memory. */
export function rulesInMemory(data: RuleData): Route[] {
  const delegations: Delegation[] = [];
  return [
    route(DelegationService, {
      listDelegations: () => ({ delegations }),
      setDelegation({ deputy, endsAt, reason }) {
        const made = {
          delegationId: "0190f3c0-0000-7000-8000-000000000001",
          owner: "Ada (0f3c)",
          deputy,
          reason,
          startsAt: AT,
          ...(endsAt && { endsAt }),
        };
        const delegation = create(DelegationSchema, made);
        delegations.push(delegation);
        return { delegation, hiddenAlerts: 2, hiddenSupplierIds: ["S-1"], deputyScopeKnown: true };
      },
      endDelegation() {
        const ended = delegations.shift();
        return ended ? { delegation: ended } : {};
      },
    }),
    route(RuleService, {
      listRuleSets: () => ({ ruleSets: data.sets }),
      putRuleDraft(request) {
        if (data.rejection !== undefined) throw new ConnectError(data.rejection, Code.InvalidArgument);
        data.drafted.push(request);
        const { rulesYaml, version } = request;
        replaceDraft(data, { rulesYaml, version: version + 1n, changedBy: "Ada (0f3c)" });
        const [changed] = data.sets;
        return { ...(changed && { ruleSet: changed }) };
      },
      activateRuleDraft(request) {
        data.activated.push(request);
        if (!request.force)
          throw new ConnectError(
            "the draft would raise 5000 alerts in the next run, and the weekly budget is 10",
            Code.FailedPrecondition,
            undefined,
            [{ desc: ErrorInfoSchema, value: { reason: "RULES_OVER_BUDGET", domain: "bellwether" } }],
          );
        replaceDraft(data, { version: request.version + 1n, changedBy: "Ada (0f3c)" });
        return { activation: { number: 2n, setId: request.setId } };
      },
      retireRuleSet(request) {
        data.retired.push(request);
        const { setId, reason } = request;
        if (data.rejection !== undefined) throw new ConnectError(data.rejection, Code.Aborted);
        const retirement = { number: 3n, setId, reason, actor: "Ada (0f3c)", activatedAt: AT, retired: true };
        data.sets = data.sets.map((set) =>
          set.setId === setId
            ? create(RuleSetSchema, { setId, source: RuleSetSource.RETIRED, activation: retirement })
            : set,
        );
        data.activations.unshift(retirement);
        return { retirement, alertsToResolve: 3, alertsToKeep: 1, nextSetId: "default" };
      },
      listRuleActivations: ({ setId }) => ({ activations: data.activations.filter((one) => one.setId === setId) }),
    }),
    route(ApiKeyService, {
      listApiKeys: () => ({ apiKeys: data.keys }),
      revokeApiKey({ keyId }) {
        const revoked = data.keys.find((key) => key.keyId === keyId);
        data.keys = data.keys.filter((key) => key.keyId !== keyId);
        return { ...(revoked && { apiKey: revoked }) };
      },
    }),
    route(RetentionService, {
      getRetention: () => ({
        ...{ scoreWeeks: 104, snapshotWeeks: 13, outcomeWeeks: 208 },
        kinds: [
          {
            ...{ kind: DataKind.SCORES, title: "scores of weekly runs", unit: RetentionUnit.WEEKS, amount: 104 },
            ...{ setting: "retention.score_weeks in risk_policy.yaml", removed: 3n, lastRemovedAt: AT },
          },
          {
            ...{ kind: DataKind.ALERT_NOTES, title: "notes of alerts", unit: RetentionUnit.DAYS, amount: 90 },
            ...{ countedFrom: "the resolution of the alert", removed: 0n },
          },
          { kind: DataKind.ALERTS, title: "alerts and their history", unit: RetentionUnit.FOREVER },
        ],
        models: [
          {
            ...{ modelName: "supplier-risk", newestWeek: "2026-W47", oldestScoreWeek: "2024-W48" },
            ...{ oldestSnapshotWeek: "2026-W35", runsKept: 47, runsRemoved: 3, lastRemovedAt: AT },
          },
        ],
      }),
    }),
  ];
}
