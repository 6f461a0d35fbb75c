import type { ExplainChangeResponse } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import type { ChangePart, ExplainedChange } from "@bellwether/scoring/change/explain-change";

/** A feature at one end of a change; null: the version does not use it. */
type EndJson = { readonly value: number | string | null; readonly missing: boolean } | null;

/** A change as `--json` prints it. Parts of the score are null when the change of the score is not divided. */
export interface ChangeJson {
  readonly supplier_id: string;
  readonly before: { readonly risk_score: number | null; readonly margin: number | null; readonly version: string };
  readonly after: { readonly risk_score: number | null; readonly margin: number | null; readonly version: string };
  readonly margin_change: number;
  readonly score_change: number | null;
  readonly parts: readonly {
    readonly feature: string;
    readonly before: EndJson;
    readonly after: EndJson;
    readonly data_margin: number;
    readonly model_margin: number;
    readonly data_score: number | null;
    readonly model_score: number | null;
  }[];
  readonly base_margin: number;
  readonly base_score: number | null;
  readonly calibration_score: number | null;
  readonly notes: readonly string[];
}

/** Converts a change that a service explained. */
export function changeFromProto(change: ExplainChangeResponse): ChangeJson {
  const { before, after, parts } = change;
  const endOf = (score: typeof before) => ({
    risk_score: score?.riskScore ?? null,
    margin: score?.margin ?? null,
    version: score?.model?.version ?? "",
  });
  const partValue = (end: (typeof parts)[number]["before"]): EndJson =>
    end === undefined ? null : { value: end.value ?? (end.category || null), missing: end.missing };
  return {
    supplier_id: after?.supplierId ?? "",
    before: endOf(before),
    after: endOf(after),
    margin_change: change.marginChange,
    score_change: change.scoreChange ?? null,
    parts: parts.map(({ feature, amount, ...part }) => ({
      ...{ feature, before: partValue(part.before), after: partValue(part.after) },
      data_margin: amount?.dataMargin ?? 0,
      model_margin: amount?.modelMargin ?? 0,
      data_score: amount?.dataScore ?? null,
      model_score: amount?.modelScore ?? null,
    })),
    base_margin: change.baseMargin,
    base_score: change.baseScore ?? null,
    calibration_score: change.calibrationScore ?? null,
    notes: change.notes.map(({ message }) => message),
  };
}

/** Converts a change that was explained with models of the local registry. */
export function changeFromLocal(supplierId: string, change: ExplainedChange): ChangeJson {
  const slope = change.score?.slope ?? null;
  const points = (margin: number): number | null => (slope === null ? null : margin * slope);
  const endOf = ({ riskScore, output, model }: ExplainedChange["before"]) => ({
    ...{ risk_score: riskScore, margin: output, version: model.version },
  });
  const partValue = (end: ChangePart["before"]): EndJson =>
    end && { value: end.value ?? (end.category || null), missing: end.isMissing };
  return {
    supplier_id: supplierId,
    before: endOf(change.before),
    after: endOf(change.after),
    margin_change: change.outputChange,
    score_change: change.score?.change ?? null,
    parts: change.parts.map(({ feature, amount: { data, model }, before, after }) => ({
      ...{ feature, before: partValue(before), after: partValue(after) },
      ...{ data_margin: data, model_margin: model, data_score: points(data), model_score: points(model) },
    })),
    base_margin: change.base,
    base_score: points(change.base),
    calibration_score: change.score?.calibration ?? null,
    notes: change.notes.map(({ message }) => message),
  };
}
