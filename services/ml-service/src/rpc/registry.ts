import os from "node:os";
import {
  type AliasMoveSchema,
  type AliasSchema,
  FeatureDirection,
  FeatureKind,
  ListProductionHistoryRequestSchema,
  ListVersionsRequestSchema,
  ModelCheckKind,
  ModelCheckOutcome,
  type ModelCheckSchema,
  type ModelFeatureSchema,
  type ModelRegistryService,
  type ModelVersionSchema,
  type RejectionSchema,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { FeatureInfo } from "@bellwether/reasons/feature-info";
import type { Alias } from "@bellwether/registry/aliases/alias-file";
import { type AliasMove, aliasHistory } from "@bellwether/registry/aliases/alias-history";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { GateNotFoundError } from "@bellwether/registry/registry-error";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import type { Manifest } from "@bellwether/registry/versions/manifest";
import { readGate } from "@bellwether/registry/versions/read-gate";
import {
  findRejection,
  listVersions,
  readDescription,
  resolveVersion,
} from "@bellwether/registry/versions/read-version";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { countsForMinimum, leastFeatures } from "@bellwether/risk-model/features/missing-features";
import { gateSection } from "@bellwether/risk-model/promotion/gate-section";
import type { ModelCheck, ModelCheckName } from "@bellwether/scoring/model/model-check";
import { describeFeatures } from "@bellwether/scoring/score/feature-facts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ServingStatus } from "../model/loaded-models.ts";
import type { Rejection } from "../model/rejected-versions.ts";
import { gateToProto } from "./gate-to-proto.ts";
import { pageOf } from "./page.ts";
import { trainingProfileToProto } from "./training-profile-to-proto.ts";

const ORIGINS: Readonly<Record<Manifest["origin"], VersionOrigin>> = {
  trained: VersionOrigin.TRAINED,
  imported: VersionOrigin.IMPORTED,
  scorecard: VersionOrigin.SCORECARD,
};

function versionToProto(manifest: Manifest, rejection: string | null): MessageInitShape<typeof ModelVersionSchema> {
  const { modelName, version, publishedAt, configHash, origin, files, evaluation, parent, builder, metrics } = manifest;
  return {
    modelName,
    version,
    publishedAt: timestampFromDate(new Date(publishedAt)),
    modelDigest: files["model.onnx"].sha256,
    bundleDigest: files["feature_bundle.json"].sha256,
    configHash,
    origin: ORIGINS[origin],
    ...(typeof evaluation?.auc === "number" && { auc: evaluation.auc }),
    ...(typeof evaluation?.baselineAuc === "number" && { baselineAuc: evaluation.baselineAuc }),
    ...{ parent: parent ?? "", builder: builder ?? "", metrics: { ...metrics } },
    featureSchemaDigest: manifest.interface?.featureSchemaSha256 ?? "",
    dataDigest: manifest.training?.dataSha256 ?? manifest.dataSha256 ?? "",
    rejectionReason: rejection ?? "",
    runtime: manifest.runtime ?? "",
  };
}

function aliasToProto({ name, version, setAt, setBy, reason }: Alias): MessageInitShape<typeof AliasSchema> {
  return { name, version, setAt: timestampFromDate(new Date(setAt)), setBy, reason };
}

function moveToProto({
  name,
  version,
  from,
  setAt,
  setBy,
  reason,
}: AliasMove): MessageInitShape<typeof AliasMoveSchema> {
  const moved = { movedAt: timestampFromDate(new Date(setAt)), movedBy: setBy, reason };
  return { alias: name, fromVersion: from ?? "", toVersion: version, ...moved };
}

const KINDS: Readonly<Record<FeatureInfo["kind"], FeatureKind>> = {
  numeric: FeatureKind.NUMERIC,
  category: FeatureKind.CATEGORY,
  text: FeatureKind.TEXT,
};
const DIRECTIONS: Readonly<Record<FeatureInfo["direction"], FeatureDirection>> = {
  unknown: FeatureDirection.UNSPECIFIED,
  raises: FeatureDirection.RAISES,
  lowers: FeatureDirection.LOWERS,
};

/** Returns the features that a model uses, which a mapping must provide. */
export function featuresToProto({
  features,
  text,
}: Pick<FeatureBundle, "features" | "text">): MessageInitShape<typeof ModelFeatureSchema>[] {
  return describeFeatures({ features, text }).map(({ name, kind, unit, typical, direction, de }, i) => ({
    ...{ name, kind: KINDS[kind], unit, direction: DIRECTIONS[direction] },
    ...(typical !== null && { typical }),
    ...(kind === "category" && { categories: [...(features[i]?.categories ?? [])] }),
    ...(de?.name !== undefined && { germanName: de.name }),
    ...(de?.unit !== undefined && { germanUnit: de.unit }),
  }));
}

function checkToProto({ name, outcome, detail }: ModelCheck): MessageInitShape<typeof ModelCheckSchema> {
  return { kind: CHECKS[name], outcome: OUTCOMES[outcome], detail };
}

const CHECKS: Readonly<Record<ModelCheckName, ModelCheckKind>> = {
  size: ModelCheckKind.SIZE,
  digest: ModelCheckKind.DIGEST,
  signature: ModelCheckKind.SIGNATURE,
  bundle: ModelCheckKind.BUNDLE,
  operators: ModelCheckKind.OPERATORS,
  contract: ModelCheckKind.CONTRACT,
  golden_rows: ModelCheckKind.GOLDEN_ROWS,
  additivity: ModelCheckKind.ADDITIVITY,
  missing_row: ModelCheckKind.MISSING_ROW,
  latency: ModelCheckKind.LATENCY,
};
const OUTCOMES: Readonly<Record<ModelCheck["outcome"], ModelCheckOutcome>> = {
  passed: ModelCheckOutcome.PASSED,
  failed: ModelCheckOutcome.FAILED,
  not_made: ModelCheckOutcome.NOT_MADE,
};

function rejectionToProto({
  modelName,
  version,
  reason,
  at,
  checks,
}: Rejection): MessageInitShape<typeof RejectionSchema> {
  return { modelName, version, reason, rejectedAt: timestampFromDate(at), checks: checks.map(checkToProto) };
}

/** Returns the handlers of ModelRegistryService over the registry and the loaded models. */
export function registryHandlers(
  root: Registry,
  defaultModel: string,
  /** @throws ModelNotConfiguredError */
  status: (modelName?: string) => ServingStatus,
): ServiceImpl<typeof ModelRegistryService> {
  const rejectionOf = async (name: string, version: string): Promise<string | null> => {
    const known = status().rejections.find((one) => one.modelName === name && one.version === version);
    return (await findRejection(root, name, version)) ?? known?.reason ?? null;
  };
  return {
    async listVersions(request) {
      const name = request.modelName || defaultModel;
      const tokens = pageTokens(ListVersionsRequestSchema, request, name);
      const versions = await listVersions(root, name);
      const { items, nextPageToken } = pageOf(versions, request.pageSize, request.pageToken, tokens);
      const listed = items.map(async (item) => versionToProto(item, await rejectionOf(name, item.version)));
      return { versions: await Promise.all(listed), nextPageToken };
    },
    async getVersion({ modelName, version, withTrainingProfile }) {
      const name = modelName || defaultModel;
      const found = await resolveVersion(root, name, version);
      const stored = await readDescription(root, name, found);
      const bundle = parseFeatureBundle(stored.bundleJson);
      const gate = await readGate(root, name, found);
      return {
        version: versionToProto(stored.manifest, await rejectionOf(name, found)),
        modelCard:
          gate === null ? stored.modelCard : `${stored.modelCard}\n${gateSection(gate.record, gate.decision, false)}`,
        features: featuresToProto(bundle),
        bands: bundle.bands,
        leastFeatures: leastFeatures(bundle),
        unusedFeatures: bundle.features.filter((one) => !countsForMinimum(one)).map(({ name }) => name),
        ...(withTrainingProfile &&
          bundle.trainingProfile && { trainingProfile: trainingProfileToProto(bundle.trainingProfile) }),
      };
    },
    async getGateResult({ modelName, version }) {
      const name = modelName || defaultModel;
      const found = await resolveVersion(root, name, version || "challenger");
      const gate = await readGate(root, name, found);
      if (gate === null) throw new GateNotFoundError(name, found, "");
      return { result: gateToProto(gate) };
    },
    getReplicaStatus(request) {
      const { modelName, championVersion, served, rejection, rejections, others } = status(
        request.modelName || defaultModel,
      );
      return {
        replica: `${os.hostname()}:${process.pid}`,
        modelName,
        championVersion,
        servedVersion: served?.version ?? "",
        servedModelDigest: served?.modelDigest ?? "",
        otherVersions: [...others],
        ...(served && { servedSince: timestampFromDate(served.since) }),
        ...(rejection && { rejection: rejectionToProto(rejection) }),
        servedChecks: (served?.checks ?? []).map(checkToProto),
        rejections: rejections.map(rejectionToProto),
      };
    },
    async listAliases({ modelName }) {
      return { aliases: (await readAliases(root, modelName || defaultModel)).aliases.map(aliasToProto) };
    },
    async listProductionHistory(request) {
      const name = request.modelName || defaultModel;
      const tokens = pageTokens(ListProductionHistoryRequestSchema, request, name);
      const moves = aliasHistory(await readAliases(root, name));
      const listed = request.allAliases ? moves : moves.filter((move) => move.name === "champion");
      const { items, nextPageToken } = pageOf(listed, request.pageSize, request.pageToken, tokens);
      const champions = items.filter((move) => move.name === "champion").map(aliasToProto);
      return { champions, moves: items.map(moveToProto), nextPageToken };
    },
  };
}
