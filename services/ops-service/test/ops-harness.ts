import { loadAlertRules } from "@bellwether/config/alert-rules";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import type { RunLease } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  BatchService,
  type SubmitChunkRequest,
  SubmitChunkRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { RuleService } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { FeatureDirection, FeatureKind } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { create } from "@bufbuild/protobuf";
import { type Client, type Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createOpsService, type OpsServiceConfig } from "../src/service.ts";

/** A running ops-service with its clients. */
export interface OpsHarness extends AsyncDisposable {
  readonly grpcUrl: string;
  readonly webUrl: string;
  readonly adminUrl: string;
  readonly batch: Client<typeof BatchService>;
  readonly alerts: Client<typeof AlertService>;
  readonly audit: Client<typeof AuditService>;
  readonly suppliers: Client<typeof SupplierService>;
  readonly merges: Client<typeof SupplierMergeService>;
  readonly reports: Client<typeof ReportService>;
  readonly outcomes: Client<typeof OutcomeService>;
  readonly performance: Client<typeof PerformanceService>;
  readonly rules: Client<typeof RuleService>;
}

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;

/** A risk policy without limits: most tests run weeks of a few suppliers. */
const ANY_LOSS = createRiskPolicy({ maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 });

/**
 * Starts the service on a database, with the product's own alert rules and without limits on losses.
 * @param token Token of the clients. Undefined: they have none.
 */
export async function startOps(
  databaseUrl: string,
  over: Partial<OpsServiceConfig> = {},
  token?: string,
): Promise<OpsHarness> {
  const service = await createOpsService({
    host: "127.0.0.1",
    ports: { grpc: 0, web: 0, admin: 0 },
    databaseUrl,
    alertRules: await loadAlertRules(RULES),
    riskPolicy: ANY_LOSS,
    mlUrl: "http://127.0.0.1:1",
    logger: createLogger({ name: "ops-service", level: "error" }),
    ...over,
  });
  const grpcUrl = `http://127.0.0.1:${service.addresses.grpc.port}`;
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: grpcUrl, interceptors: token === undefined ? [] : [withToken] });
  return {
    grpcUrl,
    webUrl: `http://127.0.0.1:${service.addresses.web.port}`,
    adminUrl: `http://127.0.0.1:${service.addresses.admin.port}`,
    batch: createClient(BatchService, transport),
    alerts: createClient(AlertService, transport),
    audit: createClient(AuditService, transport),
    suppliers: createClient(SupplierService, transport),
    merges: createClient(SupplierMergeService, transport),
    reports: createClient(ReportService, transport),
    outcomes: createClient(OutcomeService, transport),
    performance: createClient(PerformanceService, transport),
    rules: createClient(RuleService, transport),
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

/** One row of a chunk. Without a score its band is UNKNOWN; with `violation` it has no band. */
export interface TestRow {
  readonly id: string;
  readonly score?: number;
  readonly isInvalid?: boolean;
  readonly exposure?: number;
  /** Values of TEST_FEATURES. When the first row of a chunk has none, no values are sent. */
  readonly values?: readonly number[];
}

/** Names of the model columns of a test chunk; each row has one contribution per column. */
export const TEST_COLUMNS = ["late_ratio", "spend", "age"] as const;

/** Features of a test chunk: all are numeric except the last one, whose columns the chunk does not have. */
export const TEST_FEATURES = [
  { name: "late_ratio", kind: FeatureKind.NUMERIC, typical: 0.25, direction: FeatureDirection.RAISES },
  { name: "spend", kind: FeatureKind.NUMERIC, unit: "EUR", typical: 100 },
  { name: "age", kind: FeatureKind.NUMERIC, unit: "years", typical: 8, direction: FeatureDirection.LOWERS },
  { name: "region", kind: FeatureKind.CATEGORY, categories: ["EU", "US"] },
];

/** Returns a chunk as scheduler-service submits it. */
export function testChunk(
  lease: RunLease | undefined,
  chunk: number,
  rows: readonly TestRow[],
  modelDigest = "a".repeat(64),
): SubmitChunkRequest {
  const bandOf = ({ score, isInvalid }: TestRow): number =>
    isInvalid ? 0 : score === undefined ? 1 : score >= 0.7 ? 4 : score >= 0.4 ? 3 : 2;
  const scoreOf = ({ score, isInvalid }: TestRow): number => (isInvalid ? Number.NaN : (score ?? Number.NaN));
  const digests = { modelDigest, bundleDigest: "b".repeat(64), configHash: "c".repeat(64) };
  return create(SubmitChunkRequestSchema, {
    ...(lease && { lease }),
    chunk,
    supplierIds: rows.map(({ id }) => id),
    supplierNames: rows.map(({ id }) => `Name of ${id}`),
    regions: { name: "region", dictionary: ["EU", "US"], codes: rows.map((_, i) => i % 2) },
    exposures: bytes(new Float64Array(rows.map(({ exposure = 1 }) => exposure))),
    ...(rows[0]?.values && {
      features: TEST_FEATURES,
      featureValues: bytes(new Float32Array(rows.flatMap(({ values = [] }) => values))),
    }),
    scores: {
      riskScores: bytes(new Float64Array(rows.map(scoreOf))),
      bands: new Uint8Array(rows.map(bandOf)),
      columnNames: [...TEST_COLUMNS],
      contributions: bytes(new Float32Array(rows.flatMap((row) => [scoreOf(row) || 0, -0.5, 0.25]))),
      baseValue: -1,
      model: { name: "supplier-risk", version: "v1", ...digests, runtime: "onnxruntime", kernel: "k" },
    },
  });
}

/** Runs a whole week in one chunk. */
export async function runWeek(
  { batch }: OpsHarness,
  isoWeek: string,
  rows: readonly TestRow[],
  { modelName = "supplier-risk", modelVersion = "v1" } = {},
) {
  const { lease } = await batch.startRun({ isoWeek, modelName, holder: isoWeek });
  const chunk = testChunk(lease, 0, rows);
  Object.assign(chunk.scores?.model ?? {}, { version: modelVersion });
  await batch.submitChunk(chunk);
  const { run } = await batch.completeRun({
    ...(lease && { lease }),
    rowsRead: BigInt(rows.length),
    rowsRejected: 0n,
    chunksTotal: 1,
  });
  return run;
}

/** Returns the id and the present version of an alert, for an action on it. */
export async function seenAlert({ alerts }: Pick<OpsHarness, "alerts">, alertId: string) {
  const { alert } = await alerts.getAlert({ alertId });
  return { alertId, version: alert?.version ?? 0n };
}

/** Returns the error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call succeeded");
}

/** Returns the code and the reason of a call that must fail. */
export async function reasonOf(call: Promise<unknown>): Promise<readonly [Code, string | undefined]> {
  const error = await failureOf(call);
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
}

function bytes(array: Float64Array | Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}
