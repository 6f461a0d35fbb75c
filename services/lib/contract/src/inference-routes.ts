import {
  type ExplainResponse,
  ExplainResponseSchema,
  InferenceService,
  type PredictResponse,
  type PredictRowsResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { NarrativeLanguage } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { type Score, WarningCode } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { bandFromNumber } from "./band-codes.ts";
import { explainLine } from "./flat-json/explain-line.ts";
import { type FlatRowText, flatRows, rowsJson } from "./flat-json/flat-rows.ts";
import { flatScore } from "./flat-json/flat-score.ts";
import { FlatSupplierError, flatSupplier } from "./flat-json/flat-supplier.ts";
import { flatText } from "./flat-json/flat-text.ts";

const WARNING_NAMES = new Map<WarningCode, string>(Object.entries(WarningCode).map(([name, code]) => [code, name]));

/** Languages of narratives in flat JSON, as ISO 639-1 codes. */
const NARRATIVE_LANGUAGES: ReadonlyMap<string, NarrativeLanguage> = new Map([
  ["en", NarrativeLanguage.ENGLISH],
  ["de", NarrativeLanguage.GERMAN],
]);

/**
 * Returns the name of a warning's code in flat JSON; for a code that this release does not know, its number.
 */
const warningName = (code: WarningCode): string => WARNING_NAMES.get(code) ?? String(code);

/** An HTTP request of a REST path. `body` is its parsed JSON body. */
interface FlatInput {
  readonly body: unknown;
  readonly query: URLSearchParams;
}

/**
 * The monolith's `POST /predict`, with flat JSON as request and response. ml-service answers it, ops-service
 * forwards it. The fields are options of mesh's `restRoute`.
 */
export const PREDICT_ROUTE = {
  verb: "POST",
  path: "/predict",
  rpc: InferenceService.method.predict,
  toRequest: ({ body }: FlatInput) => ({ supplier: { ...flatSupplier(body) } }),
  toJson: ({ score }: PredictResponse): JsonValue =>
    score ? flatScore(score, bandFromNumber(score.band) ?? "unknown", warningName) : null,
  reword: flatText,
} as const;

/** Rows are recorded as one batch, so that their ids are in no record by which they could be found. */
const withoutId = (score: Score): Score => ({ ...score, predictionId: "" });

/** Rows of a request, each read by itself. */
interface FlatRowsInput {
  readonly rows: readonly FlatRowText[];
}

/**
 * `POST /predict/batch`: rows of flat JSON, as an array or one per line, scored as `POST /predict` scores one. A row
 * that is not valid is named with its index and fields; the others are scored.
 */
export const PREDICT_ROWS_ROUTE = {
  verb: "POST",
  path: "/predict/batch",
  rpc: InferenceService.method.predictRows,
  readsRows: true,
  toRequest: ({ rows }: FlatRowsInput) => ({
    suppliers: flatRows(rows).flatMap((row) => ("supplier" in row ? [{ ...row.supplier }] : [])),
  }),
  toJson: ({ scored, rejected, model }: PredictRowsResponse, { rows }: FlatRowsInput): JsonValue =>
    rowsJson(flatRows(rows), {
      scored: scored.flatMap(({ row, score }) =>
        score
          ? [{ row, score: flatScore(withoutId(score), bandFromNumber(score.band) ?? "unknown", warningName) }]
          : [],
      ),
      rejected,
      version: model?.version ?? "",
    }),
  reword: flatText,
} as const;

/** Query parameter of `POST /explain`; all names of the body are features. */
export const NARRATIVE_LANGUAGE = "narrative_language";

/** @throws FlatSupplierError for another language */
function narrativeLanguage(query: URLSearchParams): NarrativeLanguage {
  const language = query.get(NARRATIVE_LANGUAGE);
  if (language === null) return NarrativeLanguage.UNSPECIFIED;
  const number = NARRATIVE_LANGUAGES.get(language);
  if (number === undefined)
    throw new FlatSupplierError(
      "INVALID_REQUEST",
      NARRATIVE_LANGUAGE,
      `is ${JSON.stringify(language.slice(0, 16).toWellFormed())}; expected ${[...NARRATIVE_LANGUAGES.keys()].join(" or ")}`,
    );
  return number;
}

/**
 * The monolith's `POST /explain`: the request is flat JSON; the response has one ExplainResponse per line,
 * with its narrative in the language of the query parameter `narrative_language`.
 */
export const EXPLAIN_ROUTE = {
  verb: "POST",
  path: "/explain",
  rpc: InferenceService.method.explain,
  query: { single: [NARRATIVE_LANGUAGE] },
  toRequest: ({ body, query }: FlatInput) => ({
    supplier: { ...flatSupplier(body) },
    withNarrative: true,
    narrativeLanguage: narrativeLanguage(query),
  }),
  toJson: (message: ExplainResponse): JsonValue =>
    explainLine(toJson(ExplainResponseSchema, message, { useProtoFieldName: true })),
  reword: flatText,
} as const;
