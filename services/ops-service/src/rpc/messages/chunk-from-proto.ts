import { BAND_NUMBERS, NO_BAND } from "@bellwether/contract/band-codes";
import { MISSING_CATEGORY_CODE } from "@bellwether/contract/category-wire-code";
import type {
  CategoryColumn,
  PredictBatchResponse,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { type BandLimits, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { SubmitChunkRequest } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { alignedBytes, float32s, float64s } from "../../domain/number-bytes.ts";
import { ChunkShapeError } from "../../domain/ops-error.ts";
import type { ScoredBy } from "../../domain/scores/run.ts";
import type { LabelColumn, ScoredChunk } from "../../domain/scores/scored-chunk.ts";
import { termsOf } from "../../domain/scores/stored-input.ts";
import { featureValues } from "./feature-values.ts";

const SPACES: Readonly<Record<OutputSpace, ScoredBy["outputSpace"]>> = {
  [OutputSpace.UNSPECIFIED]: "unknown",
  [OutputSpace.MARGIN]: "margin",
  [OutputSpace.PROBABILITY]: "probability",
  [OutputSpace.RAW]: "raw",
  [OutputSpace.CLASS_MARGIN]: "class-margin",
};

/** Reads a submitted chunk and checks that its columns have the same number of rows. @throws ChunkShapeError */
export function chunkFromProto(request: SubmitChunkRequest): ScoredChunk {
  const { supplierIds, scores } = request;
  const rows = supplierIds.length;
  if (!scores?.model) throw new ChunkShapeError("scores.model", "is missing: send ml-service's answer unchanged");
  const { columnNames, contributions, model } = scores;
  const riskScores = float64s(bytesOf("scores.risk_scores", scores.riskScores, rows * 8));
  const bands = bytesOf("scores.bands", scores.bands, rows);
  checkScores(riskScores, bands);
  const names = request.supplierNames;
  if (names.length > 0 && names.length !== rows)
    throw new ChunkShapeError(
      "supplier_names",
      `has ${countText(names.length, "entry", "entries")} for ${countText(rows, "row")}`,
    );
  const exposures =
    request.exposures.length > 0 ? float64s(bytesOf("exposures", request.exposures, rows * 8)) : undefined;
  if (exposures?.some((v) => v < 0 || v === Number.POSITIVE_INFINITY))
    throw new ChunkShapeError("exposures", "has a negative or infinite number");
  const given = featureValues(request, rows);
  const { name, version, modelDigest, bundleDigest, configHash, runtime, kernel } = model;
  return {
    chunk: request.chunk,
    supplierIds,
    names: names.length > 0 ? names : undefined,
    regions: request.regions && labels("regions", request.regions, rows),
    categories: request.categories && labels("categories", request.categories, rows),
    exposures,
    riskScores,
    bands,
    contributions: storedContributions(
      alignedBytes(bytesOf("scores.contributions", contributions, rows * columnNames.length * 4), 4),
      columnNames.length,
      bands,
    ),
    scoredBy: {
      ...{ name, version, modelDigest, bundleDigest, configHash, runtime, kernel },
      columnNames,
      baseValue: Number.isFinite(scores.baseValue) ? scores.baseValue : 0,
      outputSpace: SPACES[scores.outputSpace] ?? "unknown",
      bandLimits: bandLimits(scores.bandLimits),
    },
    given,
    termWeights: termWeights(scores, given, rows),
  };
}

function bandLimits(limits: BandLimits | undefined): NonNullable<ScoredBy["bandLimits"]> | null {
  if (!limits) return null;
  const { medium, high } = limits;
  if (!(medium < high)) throw new ChunkShapeError("scores.band_limits", `medium ${medium} is not below high ${high}`);
  return { medium, high };
}

/** Reads the weights of the terms. Null: none were sent. @throws ChunkShapeError */
function termWeights(
  { termWeights: bytes, columnNames }: Pick<PredictBatchResponse, "termWeights" | "columnNames">,
  given: ScoredChunk["given"],
  rows: number,
): Uint8Array | null {
  if (bytes.length === 0) return null;
  const terms = termsOf(columnNames, given?.features ?? []).length;
  return bytesOf("scores.term_weights", bytes, rows * terms * Float32Array.BYTES_PER_ELEMENT);
}

function bytesOf(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length)
    throw new ChunkShapeError(field, `has ${countText(bytes.length, "byte")}, not ${length}`);
  return bytes;
}

/**
 * Sets the contributions of rows without a score, NaN in the answer of ml-service, to 0 in place: a stored score without
 * contributions has zeros, also in runs of earlier releases.
 * @throws ChunkShapeError for a row with a score and a contribution that is not a finite number
 */
function storedContributions(bytes: Uint8Array, columns: number, bands: Uint8Array): Uint8Array {
  const phi = float32s(bytes);
  for (const [row, band] of bands.entries()) {
    const first = row * columns;
    let sum = 0;
    if (band < BAND_NUMBERS.low) phi.fill(0, first, first + columns);
    else for (let at = first; at < first + columns; at++) sum += phi[at] ?? 0;
    if (!Number.isFinite(sum))
      throw new ChunkShapeError("scores.contributions", `row ${row}: a contribution is not a finite number`);
  }
  return bytes;
}

function checkScores(riskScores: Float64Array, bands: Uint8Array): void {
  for (const [row, score] of riskScores.entries()) {
    const band = bands[row] ?? NO_BAND;
    if (band > BAND_NUMBERS.high) throw new ChunkShapeError("scores.bands", `row ${row}: ${band} is not a band`);
    const hasScore = band >= BAND_NUMBERS.low;
    if (hasScore ? !(score >= 0 && score <= 1) : !Number.isNaN(score))
      throw new ChunkShapeError("scores.risk_scores", `row ${row}: ${score} does not match band ${band}`);
  }
}

function labels(field: string, { dictionary, codes }: CategoryColumn, rows: number): LabelColumn {
  if (codes.length !== rows)
    throw new ChunkShapeError(
      `${field}.codes`,
      `has ${countText(codes.length, "entry", "entries")} for ${countText(rows, "row")}`,
    );
  const out = new Int32Array(rows);
  for (const [row, code] of codes.entries()) {
    if (code !== MISSING_CATEGORY_CODE && code >= dictionary.length)
      throw new ChunkShapeError(`${field}.codes`, `row ${row}: ${code} is outside the dictionary`);
    out[row] = code === MISSING_CATEGORY_CODE || dictionary[code] === "" ? -1 : code;
  }
  const hostile = dictionary.findIndex((value) => value.includes("\0"));
  if (hostile >= 0) throw new ChunkShapeError(`${field}.dictionary`, `entry ${hostile} contains a NUL character`);
  return { dictionary, codes: out };
}
