import type { ScoredSupplier } from "../scores/stored-input.ts";
import { isObject } from "./json-object.ts";
import type { Finding, ModelRecord } from "./replay-comparison.ts";

/** A score of one supplier, as an event recorded it. Numbers are bits in hex; empty: there was none. */
export interface RecordedScore {
  readonly form: "score";
  readonly model: ModelRecord;
  readonly supplier: ScoredSupplier;
  readonly riskScore: string;
  readonly band: string;
  /** Undefined: the event does not record it. */
  readonly margin: string | undefined;
  readonly baseValue: string | undefined;
  /** By feature; those that the caller got. */
  readonly contributions: ReadonlyMap<string, string>;
}

/** The scores of a batch, as an event recorded them. */
export interface RecordedBatch {
  readonly form: "batch";
  readonly model: ModelRecord;
  readonly suppliers: readonly ScoredSupplier[];
  /** float64 little-endian, one per supplier. */
  readonly riskScores: Uint8Array;
  /** SHA-256 of the contributions of all model columns, float32 little-endian. Undefined: the caller got none. */
  readonly contributionsDigest: string | undefined;
}

/** Reads the suppliers of a batch that was kept. Undefined: the bytes are not a batch. */
export type ReadBatch = (typeName: string, bytes: Uint8Array) => readonly ScoredSupplier[] | undefined;

/** The text that is sent instead of a text of a model without terms: only that there is a text counts. */
const SOME_TEXT = "text";

const WHY_NOT_KEPT: ReadonlyMap<unknown, Finding> = new Map([
  [
    "policy",
    {
      code: "input_not_kept",
      message: "The feature values were not kept: replay.keep_features in risk_policy.yaml was false.",
    },
  ],
  [
    "text",
    {
      code: "text_not_kept",
      message: "The batch has contract texts, and of texts only hashes are kept, so the batch was not kept.",
    },
  ],
  [
    "too_large",
    { code: "input_too_large", message: "The input was too large for an audit event, so it was not kept." },
  ],
]);

/**
 * Reads what an event recorded of a decision, or says why it cannot be computed again.
 * @param payload a JSON object, or empty
 */
export function readDecision(
  { kind, subject, payload }: { readonly kind: string; readonly subject: string; readonly payload: string },
  readBatch: ReadBatch,
): RecordedScore | RecordedBatch | Finding {
  const recorded: unknown = payload === "" ? null : JSON.parse(payload);
  const model = isObject(recorded) ? modelOf(recorded.model) : null;
  const isBatch = kind === "batch.served";
  if (!isObject(recorded) || model === null || !(isBatch || typeof recorded.prediction_id === "string"))
    return { code: "not_a_score", message: `The event ${kind} is not a score, so there is nothing to compute again.` };
  const { input } = recorded;
  if (!isObject(input))
    return {
      code: "input_not_kept",
      message:
        "The feature values were not recorded: BELLWETHER_AUDIT_INPUT of ml-service was digest, an earlier release recorded the event, or the call was ModelInfer.",
    };
  const why = WHY_NOT_KEPT.get(input.not_kept);
  if (why) return why;
  return (
    (isBatch ? batchOf(recorded, input, model, readBatch) : scoreOf(recorded, input, model, subject)) ?? UNREADABLE
  );
}

const UNREADABLE: Finding = {
  code: "input_not_kept",
  message: "The recorded input is not in a form that this release can read.",
};

type Json = Readonly<Record<string, unknown>>;

function scoreOf(
  recorded: Json,
  input: Json,
  model: ModelRecord,
  subject: string,
): RecordedScore | Finding | undefined {
  const features = valuesOf(input.features, isNumber);
  const categories = valuesOf(input.categories, isText);
  const termWeights = valuesOf(input.term_weights ?? {}, isNumber);
  const contributions = valuesOf(recorded.contribution_bits ?? {}, isText);
  if (!features || !categories || !termWeights || !contributions) return undefined;
  const hasText = input.contract_text_sha256 !== undefined;
  if (hasText && input.term_weights === undefined)
    return {
      code: "text_not_kept",
      message: `Of the contract text, only the SHA-256 ${String(input.contract_text_sha256).slice(0, 12)}… was kept (replay.text in risk_policy.yaml), and the score can depend on the text.`,
    };
  const hasWeights = Object.keys(termWeights).length > 0;
  return {
    form: "score",
    model,
    supplier: {
      ...{ supplierId: subject, features, categories, termWeights },
      contractText: hasText && !hasWeights ? SOME_TEXT : "",
    },
    riskScore: textIn(recorded.risk_score_bits),
    band: textIn(recorded.band),
    margin: isText(recorded.margin_bits) ? recorded.margin_bits : undefined,
    baseValue: isText(recorded.base_value_bits) ? recorded.base_value_bits : undefined,
    contributions: new Map(Object.entries(contributions)),
  };
}

function batchOf(recorded: Json, input: Json, model: ModelRecord, readBatch: ReadBatch): RecordedBatch | undefined {
  const { answers } = recorded;
  if (!isText(input.message) || !isText(input.bytes) || !isObject(answers) || !isText(answers.risk_scores))
    return undefined;
  const suppliers = readBatch(input.message, Buffer.from(input.bytes, "base64"));
  const riskScores = Buffer.from(answers.risk_scores, "base64");
  if (!suppliers || riskScores.length !== suppliers.length * Float64Array.BYTES_PER_ELEMENT) return undefined;
  const { contributions_sha256: digest } = answers;
  return { form: "batch", model, suppliers, riskScores, contributionsDigest: isText(digest) ? digest : undefined };
}

function modelOf(model: unknown): ModelRecord | null {
  if (!isObject(model)) return null;
  const record = {
    ...{ name: textIn(model.name), version: textIn(model.version) },
    ...{ modelDigest: textIn(model.model_digest), bundleDigest: textIn(model.bundle_digest) },
    ...{ configHash: textIn(model.config_hash), runtime: textIn(model.runtime), kernel: textIn(model.kernel) },
  };
  return record.name === "" || record.version === "" ? null : record;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";
const textIn = (value: unknown): string => (isText(value) ? value : "");

/** Returns an object whose values are all of a kind. Undefined: it is not one. */
function valuesOf<T>(value: unknown, is: (one: unknown) => one is T): Readonly<Record<string, T>> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, one]) => (is(one) ? [[name, one] as const] : []));
  return entries.length === Object.keys(value).length ? Object.fromEntries(entries) : undefined;
}
