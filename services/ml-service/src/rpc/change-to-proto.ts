import {
  type ChangeAmountSchema,
  ChangeNoteCode,
  type ChangePartSchema,
  type ChangeValueSchema,
  type ExplainChangeResponseSchema,
  FeatureUse,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import type { ChangeNote } from "@bellwether/scoring/change/change-notes";
import type { ChangePart, ChangeValue, ExplainedChange } from "@bellwether/scoring/change/explain-change";
import type { Amount } from "@bellwether/scoring/change/split-change";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { factsOf } from "@bellwether/scoring/score/feature-facts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { outputSpaceToProto, scoreToProto } from "./score-to-proto.ts";

const NOTES = {
  MISSING_VALUE: ChangeNoteCode.MISSING_VALUE,
  UNKNOWN_CATEGORY: ChangeNoteCode.UNKNOWN_CATEGORY,
  OTHER_FEATURES: ChangeNoteCode.OTHER_FEATURES,
  OTHER_CALIBRATION: ChangeNoteCode.OTHER_CALIBRATION,
  OTHER_BACKGROUND: ChangeNoteCode.OTHER_BACKGROUND,
  OTHER_BANDS: ChangeNoteCode.OTHER_BANDS,
  SCORE_NOT_DIVIDED: ChangeNoteCode.SCORE_NOT_DIVIDED,
} satisfies Record<ChangeNote["code"], ChangeNoteCode>;

/** Maximum number of notes in a response. */
const MAX_NOTES = 2_048;

/** One end of a change, as the response repeats it. */
interface ShownEnd {
  readonly supplierId: string;
  readonly predictionId: string;
  readonly model: ScoringModel;
}

/** @param maxParts Maximum number of parts; 0: all. */
export function changeToProto(
  change: ExplainedChange,
  { before, after, maxParts }: { readonly before: ShownEnd; readonly after: ShownEnd; readonly maxParts: number },
): MessageInitShape<typeof ExplainChangeResponseSchema> {
  const { parts, score, base } = change;
  const slope = score?.slope ?? null;
  const kept = maxParts === 0 ? parts : parts.slice(0, maxParts);
  const left = parts.slice(kept.length);
  const all = sumOf(parts);
  const total: Amount = { data: all.data, model: all.model + base };
  return {
    before: scoreToProto(before.supplierId, before.predictionId, change.before, before.model, 0),
    after: scoreToProto(after.supplierId, after.predictionId, change.after, after.model, 0),
    outputSpace: outputSpaceToProto(after.model.bundle),
    marginChange: change.outputChange,
    parts: kept.map((part) => partToProto(part, slope, part.after === null ? before.model : after.model)),
    omitted: amountToProto(sumOf(left), slope),
    omittedParts: left.length,
    baseMargin: base,
    total: amountToProto(total, slope, score?.calibration),
    ...(score !== null && {
      scoreChange: score.change,
      baseScore: base * score.slope,
      calibrationScore: score.calibration,
    }),
    notes: change.notes.slice(0, MAX_NOTES).map(({ code, ...note }) => ({ ...note, code: NOTES[code] })),
  };
}

function partToProto(
  { feature, amount, before, after }: ChangePart,
  slope: number | null,
  { bundle }: ScoringModel,
): MessageInitShape<typeof ChangePartSchema> {
  return {
    feature,
    amount: amountToProto(amount, slope),
    ...(before !== null && { before: valueToProto(before) }),
    ...(after !== null && { after: valueToProto(after) }),
    unit: factsOf(bundle, feature).unit,
    usedBy: after === null ? FeatureUse.BEFORE_ONLY : before === null ? FeatureUse.AFTER_ONLY : FeatureUse.BOTH,
  };
}

const valueToProto = ({
  value,
  category,
  contribution,
  isMissing,
}: ChangeValue): MessageInitShape<typeof ChangeValueSchema> => ({
  ...{ category, contribution, missing: isMissing },
  ...(value !== null && { value }),
});

/** @param calibration Part of the score that is added to the model part. */
function amountToProto(
  { data, model }: Amount,
  slope: number | null,
  calibration = 0,
): MessageInitShape<typeof ChangeAmountSchema> {
  return {
    ...{ dataMargin: data, modelMargin: model },
    ...(slope !== null && { dataScore: data * slope, modelScore: model * slope + calibration }),
  };
}

function sumOf(parts: readonly ChangePart[]): Amount {
  let [data, model] = [0, 0];
  for (const { amount } of parts) {
    data += amount.data;
    model += amount.model;
  }
  return { data, model };
}
