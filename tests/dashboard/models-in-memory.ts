import {
  ModelPublishingService,
  type SetAliasRequest,
} from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import {
  FeatureKind,
  type GetReplicaStatusResponseSchema,
  ModelCheckKind,
  ModelCheckOutcome,
  ModelRegistryService,
  type ModelVersionSchema,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import {
  GateCheckOutcome,
  GateDecisionSchema,
  type GateResultSchema,
  GateVerdict,
} from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import {
  type GetShadowComparisonResponseSchema,
  SegmentMeasure,
  ShadowDropReason,
  ShadowService,
  ShadowState,
} from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

/** A move of the champion. */
interface Move {
  readonly version: string;
  readonly by: string;
  readonly reason: string;
}

/** The registry of the server. Tests change it. */
export interface ModelData {
  versions: MessageInitShape<typeof ModelVersionSchema>[];
  /** Moves of the champion, oldest first. */
  moves: Move[];
  challenger: string;
  card: string;
  /** One answer for each replica, in turn. */
  replicas: (() => MessageInitShape<typeof GetReplicaStatusResponseSchema>)[];
  shadow: MessageInitShape<typeof GetShadowComparisonResponseSchema>;
  /** The newest result of the promotion gate, about its challenger. Undefined: none. */
  gate: MessageInitShape<typeof GateResultSchema> | undefined;
  /** Called before an alias moves; it may throw. */
  beforeMove: (request: SetAliasRequest) => void;
  /** Called before a decision about the result; it may throw. */
  beforeDecision: () => void;
}

const NAME = "supplier-risk";
const START_MS = Date.UTC(2026, 10, 1, 8);
const at = (day: number) => timestampFromMs(START_MS + day * 86_400_000);

/** What a card from outside can contain. */
export const HOSTILE_CARD = `# Model card: supplier-risk

Estimates the probability of \`late\`. <script>window.hacked = true</script>
<img src=x onerror="window.hacked = true">

## Figures
| | model | trivial answer |
|---|---|---|
| AUC | 0.8412 | 0.7 (\`a\\|b\` alone) |

- **Warning:** few rows.
- A [link](javascript:window.hacked=true) and ![a plot](https://evil.example/x.svg).
`;

/** A held result about v3 and v2, with texts and a plot from outside. */
const demoGate = (): MessageInitShape<typeof GateResultSchema> => ({
  ...{ gateId: "a".repeat(64), modelName: NAME, champion: "v2", challenger: "v3", verdict: GateVerdict.HELD },
  ...{ window: "the newest <b>weeks</b>", rows: 2_644n, positives: 263n, suppliers: 2_000n },
  ...{ gatedAt: at(16), gatedBy: "scheduler-service" },
  checks: [
    { name: "measured", outcome: GateCheckOutcome.PASSED, reason: "both versions have scored the rows" },
    {
      ...{ name: "auc", outcome: GateCheckOutcome.HELD, champion: 0.84, challenger: 0.86, figure: 0.02 },
      ...{ low: -0.001, high: 0.041, bound: 0, reason: "the challenger is not shown to be better" },
    },
    { name: "later", outcome: GateCheckOutcome.NOT_MADE, reason: "<script>window.hacked = true</script>" },
  ],
  references: [{ name: "scorecard v1", rows: 2_644n, auc: 0.7, brier: 0.2 }],
  plots: [
    {
      ...{ name: "gate-reliability", title: "Reliability" },
      svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>window.hacked = true</script><path d="M0 0L9 9" stroke="#000"/></svg>',
    },
  ],
});

const estimate = (value: number) => ({ value, low: value - 0.01, high: value + 0.01, rows: 900n });

/** Three versions: a champion, a challenger, and one that a replica has rejected. */
export function demoModels(): ModelData {
  const versionOf = (version: string, day: number, auc: number) => ({
    ...{ modelName: NAME, version, publishedAt: at(day), auc, baselineAuc: 0.7, builder: "bellwether 0.1.0" },
    ...{ origin: VersionOrigin.TRAINED, modelDigest: version.padEnd(64, "0"), metrics: { brier: 1 - auc } },
  });
  const served = {
    ...{ modelName: NAME, championVersion: "v2", servedVersion: "v2", servedSince: at(11) },
    servedChecks: [
      { kind: ModelCheckKind.DIGEST, outcome: ModelCheckOutcome.PASSED },
      { kind: ModelCheckKind.SIGNATURE, outcome: ModelCheckOutcome.NOT_MADE },
      { kind: ModelCheckKind.GOLDEN_ROWS, outcome: ModelCheckOutcome.PASSED },
    ],
  };
  return {
    versions: [
      { ...versionOf("v4", 20, 0.79), parent: "v2", rejectionReason: "no trusted key has <b>signed</b> it" },
      { ...versionOf("v3", 15, 0.86), parent: "v2" },
      { ...versionOf("v2", 10, 0.84), parent: "v1" },
      { ...versionOf("v1", 1, 0.7), origin: VersionOrigin.SCORECARD },
    ],
    moves: [
      { version: "v1", by: "trainer", reason: "first version" },
      { version: "v2", by: "Grace <i>Hopper</i> (grace)", reason: "better on <u>all</u> weeks" },
    ],
    challenger: "v3",
    card: HOSTILE_CARD,
    replicas: [
      () => ({ ...served, replica: "ml-a:1" }),
      () => ({
        ...served,
        replica: "ml-b:1",
        servedVersion: "v1",
        rejection: { modelName: NAME, version: "v2", reason: "too slow" },
      }),
    ],
    shadow: {
      ...{ replica: "ml-a:1", modelName: NAME, state: ShadowState.RUNNING, share: 0.25 },
      comparisons: [
        {
          ...{ championVersion: "v2", challengerVersion: "v3", since: at(16) },
          losses: { dropped: [{ reason: ShadowDropReason.QUEUE_FULL, rows: 12n }] },
          statistics: {
            ...{ rows: 900n, suppliers: 300n, shift: estimate(0.012), absoluteShift: estimate(0.04) },
            ...{ bandsChanged: estimate(0.06), rankCorrelation: estimate(0.95), timeRatio: { value: 1.1, rows: 9n } },
            segments: [
              { segment: "region=EU", measure: SegmentMeasure.SHIFT, rows: 100n, inside: 0.05, outside: 0.01 },
            ],
          },
        },
      ],
    },
    gate: demoGate(),
    beforeMove: () => {},
    beforeDecision: () => {},
  };
}

/** Returns the services of the registry over data in memory. */
export function modelsInMemory(data: ModelData): Route[] {
  let calls = 0;
  const champion = (): string => data.moves.at(-1)?.version ?? "";
  const mustExist = (): void => {
    if (data.versions.length === 0) throw new ConnectError("no such model", Code.NotFound);
  };
  const decide = (gateId: string, reason: string, isApproved: boolean) => {
    data.beforeDecision();
    if (data.gate?.gateId !== gateId) throw new ConnectError("a newer result exists", Code.Aborted);
    const decision = create(GateDecisionSchema, { isApproved, decidedAt: at(17), decidedBy: "Ada (0f3c)", reason });
    data.gate = { ...data.gate, decision };
    return decision;
  };
  const aliasOf = (name: string, { version, by, reason }: Move, day: number) => ({
    ...{ name, version, setAt: at(day), setBy: by, reason },
  });
  return [
    route(ModelRegistryService, {
      listVersions() {
        mustExist();
        return { versions: data.versions };
      },
      getVersion({ version }) {
        const wanted = version === "" ? champion() : version;
        const found = data.versions.find((one) => one.version === wanted);
        if (!found) throw new ConnectError("no such version", Code.NotFound);
        const unit = wanted === "v1" ? "months" : "years";
        return {
          version: found,
          modelCard: data.card,
          bands: { medium: 0.4, high: 0.7 },
          features: [{ name: "age", kind: FeatureKind.NUMERIC, unit }],
        };
      },
      getGateResult({ version }) {
        const { gate } = data;
        if (gate === undefined || (version !== "" && version !== gate.challenger))
          throw new ConnectError("there is no result", Code.NotFound);
        return { result: gate };
      },
      listAliases() {
        mustExist();
        const last = data.moves.at(-1);
        return {
          aliases: [
            ...(data.challenger === ""
              ? []
              : [aliasOf("challenger", { version: data.challenger, by: "trainer", reason: "published" }, 15)]),
            ...(last ? [aliasOf("champion", last, 11)] : []),
          ],
        };
      },
      listProductionHistory() {
        mustExist();
        const moves = data.moves.map(({ version, by, reason }, i) => ({
          ...{ alias: "champion", fromVersion: data.moves[i - 1]?.version ?? "", toVersion: version },
          ...{ movedAt: at(i * 10 + 1), movedBy: by, reason },
        }));
        return { moves: moves.reverse() };
      },
      getReplicaStatus: () => data.replicas[calls++ % data.replicas.length]?.() ?? {},
    }),
    route(ShadowService, { getShadowComparison: () => data.shadow }),
    route(ModelPublishingService, {
      setAlias(request) {
        data.beforeMove(request);
        if (request.expectedVersion !== undefined && request.expectedVersion !== champion())
          throw new ConnectError(`champion points at ${champion()}: grace moved it`, Code.Aborted);
        data.moves.push({ version: request.version, by: "Ada (0f3c)", reason: request.reason });
        return { alias: { name: request.alias, version: request.version } };
      },
      approvePromotion({ version, gateId, reason }) {
        const { decidedBy: by } = decide(gateId, reason, true);
        data.moves.push({ version, by, reason });
        return { alias: { name: "champion", version } };
      },
      rejectPromotion: ({ gateId, reason }) => ({ decision: decide(gateId, reason, false) }),
    }),
  ];
}
