import { type Outcome, OutcomeSource, OutcomeValue, type Review } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { printable } from "../output/printable.ts";

const VALUES: Readonly<Record<OutcomeValue, string>> = {
  [OutcomeValue.UNSPECIFIED]: "please check",
  [OutcomeValue.OCCURRED]: "occurred",
  [OutcomeValue.NOT_OCCURRED]: "not occurred",
};

const SOURCES: Readonly<Record<OutcomeSource, string>> = {
  [OutcomeSource.UNSPECIFIED]: "unknown",
  [OutcomeSource.FILE]: "file",
  [OutcomeSource.CALL]: "call",
  [OutcomeSource.REVIEW]: "review",
};

const valueText = (value: OutcomeValue): string => VALUES[value] ?? "unknown";

/** Returns an outcome as one line. */
export function outcomeLine(outcome: Outcome): string {
  const { supplierId, isoWeek, happenedOn, knownOn, recordedBy, note, replacedByOutcomeId, withdrawn } = outcome;
  const what = withdrawn ? "withdrawn" : `${valueText(outcome.value)}${happenedOn === "" ? "" : ` on ${happenedOn}`}`;
  const about = isoWeek === "" ? "" : ` about ${isoWeek}`;
  const replaced = replacedByOutcomeId === "" ? "" : `, replaced by ${replacedByOutcomeId}`;
  const written = note === "" ? "" : `: ${printable(note)}`;
  return `${outcome.outcomeId}  ${printable(supplierId)}  ${what}${about}, known on ${knownOn} (${SOURCES[outcome.source]}, ${printable(recordedBy)})${replaced}${written}`;
}

/** Returns an outcome as JSON. */
export function outcomeJson(outcome: Outcome) {
  return {
    outcome_id: outcome.outcomeId,
    supplier_id: outcome.supplierId,
    model: outcome.modelName,
    value: valueText(outcome.value).replace(" ", "_"),
    iso_week: outcome.isoWeek || null,
    happened_on: outcome.happenedOn || null,
    known_on: outcome.knownOn,
    source: SOURCES[outcome.source],
    prediction_id: outcome.predictionId || null,
    note: outcome.note,
    recorded_by: outcome.recordedBy,
    recorded_at: outcome.recordedAt ? timestampDate(outcome.recordedAt).toISOString() : null,
    replaces: outcome.replacesOutcomeId || null,
    replaced_by: outcome.replacedByOutcomeId || null,
    withdrawn: outcome.withdrawn,
  };
}

/** Returns a supplier of a review sample as one line. */
export function reviewLine({ supplierId, supplierName, riskScore, answer }: Review): string {
  return `${valueText(answer)}: ${printable(supplierId)}  ${printable(supplierName)}  score ${riskScore.toFixed(3)}`;
}

/** Returns a supplier of a review sample as JSON. */
export function reviewJson({ supplierId, supplierName, isoWeek, riskScore, answer }: Review) {
  return {
    ...{ supplier_id: supplierId, name: supplierName, iso_week: isoWeek, risk_score: riskScore },
    answer: answer === OutcomeValue.UNSPECIFIED ? null : valueText(answer).replace(" ", "_"),
  };
}
