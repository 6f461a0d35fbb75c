import { hash } from "node:crypto";
import { type AuditHead, BROKEN_REASONS, whyBroken } from "@bellwether/contract/audit/record-hash";
import { bandFromNumber } from "@bellwether/contract/band-codes";
import type { AuditRecord } from "../audit/audit-chain.ts";
import { float64s } from "../number-bytes.ts";
import { type ReadBatch, type RecordedBatch, type RecordedScore, readDecision } from "./recorded-decision.ts";
import {
  type Comparison,
  type ComparisonBuilder,
  createComparison,
  findModelDifferences,
  float64Bits,
  float64FromBits,
} from "./replay-comparison.ts";
import { MAX_REPLAY_ROWS, NotReplayableError, type ReplayedScores, type ReplayScores } from "./replay-scores.ts";

/** An event of the audit log, and the head of the chain before it. */
export interface RecordedEvent {
  readonly record: AuditRecord;
  readonly before: AuditHead;
}

/** The replay of an event. Scores are null for a batch, and where there is none. */
export interface ReplayedDecision {
  readonly comparison: Comparison;
  readonly recordedRiskScore: number | null;
  readonly replayedRiskScore: number | null;
}

export interface ReplayDependencies {
  readonly replayScores: ReplayScores;
  readonly readBatch: ReadBatch;
}

/**
 * Computes a recorded decision again and compares every bit. Nothing is computed from a record whose hashes do not
 * match its content: the result would be about other values than those that were recorded.
 */
export async function replayDecision(event: RecordedEvent, deps: ReplayDependencies): Promise<ReplayedDecision> {
  const comparison = createComparison();
  const { record } = event;
  const decision = readRecord(event, deps.readBatch, comparison);
  if (decision === null) return notComputed(comparison.finish({ recordedBy: null, replayedBy: null }));
  const recordedBy = decision.model;
  let replayedBy: Comparison["replayedBy"] = null;
  let replayedRiskScore: number | null = null;
  try {
    if (decision.form === "batch") replayedBy = await replayBatch(decision, deps.replayScores, comparison);
    else {
      const scores = await deps.replayScores({
        ...versionOf(decision),
        suppliers: [decision.supplier],
        withFeatures: true,
      });
      replayedBy = scores.model;
      if (findModelDifferences(recordedBy, scores.model, comparison).isSameModel) {
        replayedRiskScore = numberAt(scores.riskScores, 0);
        compareScore(decision, record.subject, scores, comparison);
      }
    }
  } catch (error) {
    if (!(error instanceof NotReplayableError)) throw error;
    comparison.find(error.code, error.message);
  }
  const recorded = decision.form === "score" && decision.riskScore !== "" ? float64FromBits(decision.riskScore) : null;
  return { comparison: comparison.finish({ recordedBy, replayedBy }), recordedRiskScore: recorded, replayedRiskScore };
}

const notComputed = (comparison: Comparison): ReplayedDecision => ({
  ...{ comparison, recordedRiskScore: null, replayedRiskScore: null },
});

const versionOf = ({ model }: Pick<RecordedScore, "model">) => ({
  modelName: model.name,
  modelVersion: model.version,
});

/** Reads the decision of a record. Null: a finding says why there is none. */
function readRecord(
  { record, before }: RecordedEvent,
  readBatch: ReadBatch,
  { find }: ComparisonBuilder,
): RecordedScore | RecordedBatch | null {
  const broken = whyBroken(record, before);
  if (broken !== null) {
    find(
      "record_changed",
      `The record ${record.sequence} was changed after it was recorded (${BROKEN_REASONS[broken]}), so nothing is computed from it.`,
    );
    return null;
  }
  if (record.payload === null) {
    find("payload_erased", `The payload of the record ${record.sequence} was erased, and with it the recorded input.`);
    return null;
  }
  const { kind, subject, payload } = record;
  const decision = readDecision({ kind, subject, payload }, readBatch);
  if ("form" in decision) return decision;
  find(decision.code, decision.message);
  return null;
}

function compareScore(
  recorded: RecordedScore,
  supplierId: string,
  { riskScores, margins, bands, baseValue, features, rejected }: ReplayedScores,
  comparison: ComparisonBuilder,
): void {
  const [rejection] = rejected;
  if (rejection) {
    findRejected(rejection.message, comparison);
    return;
  }
  comparison.begin(supplierId);
  comparison.text("risk_score", recorded.riskScore, bitsAt(riskScores, 0));
  comparison.text("band", recorded.band, bandFromNumber(bands[0] ?? 0) ?? "");
  if (recorded.margin !== undefined) comparison.text("margin", recorded.margin, bitsAt(margins, 0));
  if (recorded.baseValue !== undefined) comparison.text("base_value", recorded.baseValue, float64Bits(baseValue));
  for (const [feature, bits] of recorded.contributions) {
    const now = features[0]?.get(feature);
    comparison.text(`contribution.${feature}`, bits, now === undefined ? "" : float64Bits(now));
  }
}

/** Computes a batch again, in groups. Returns the model that computed it. */
async function replayBatch(
  recorded: RecordedBatch,
  replayScores: ReplayScores,
  comparison: ComparisonBuilder,
): Promise<Comparison["replayedBy"]> {
  const { suppliers, contributionsDigest } = recorded;
  const riskScores = float64s(recorded.riskScores);
  const contributions: Float32Array[] = [];
  let model: Comparison["replayedBy"] = null;
  for (let first = 0; first < suppliers.length; first += MAX_REPLAY_ROWS) {
    const group = suppliers.slice(first, first + MAX_REPLAY_ROWS);
    const scores = await replayScores({ ...versionOf(recorded), suppliers: group, withFeatures: false });
    if (model === null && !findModelDifferences(recorded.model, scores.model, comparison).isSameModel)
      return scores.model;
    model = scores.model;
    for (const [row, { supplierId }] of group.entries()) {
      comparison.begin(supplierId);
      comparison.float64("risk_score", numberAt(riskScores, first + row), numberAt(scores.riskScores, row));
    }
    contributions.push(scores.contributions);
  }
  if (contributionsDigest !== undefined) {
    comparison.whole();
    comparison.text("contributions", contributionsDigest, digestOf(contributions));
  }
  return model;
}

const digestOf = (parts: readonly Float32Array[]): string =>
  hash(
    "sha256",
    Buffer.concat(parts.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))),
  );

/** Says that the version rejects what it has scored before. */
export function findRejected(message: string, { find }: Pick<ComparisonBuilder, "find">): void {
  find("input_rejected", `The version rejects the recorded input: ${message}`.slice(0, MAX_MESSAGE));
}

const MAX_MESSAGE = 500;

/** Returns a number of a column. Null: NaN, which means that there is none. */
export function numberAt(column: Float64Array, row: number): number | null {
  const value = column[row] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

function bitsAt(column: Float64Array, row: number): string {
  const value = numberAt(column, row);
  return value === null ? "" : float64Bits(value);
}
