import { BAND_NUMBERS, NO_BAND } from "@bellwether/contract/band-codes";
import type { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { ServiceImpl } from "@connectrpc/connect";
import { scoreRows } from "../domain/score-rows.ts";
import type { LoadedModels } from "../model/loaded-models.ts";
import { identityToProto, scoreToProto } from "./score-to-proto.ts";
import { supplierFromProto } from "./supplier-from-proto.ts";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Returns the handler of Replay: it scores as PredictRows does, with exactly one version, and returns every bit. */
export function replayHandler(
  loadedModels: Pick<LoadedModels, "withModel">,
): ServiceImpl<typeof InferenceService>["replay"] {
  return ({ modelName, modelVersion, suppliers, withScores }, { signal }) =>
    loadedModels.withModel({ modelName, modelVersion, anyVersion: true }, async (scoring) => {
      const rows = suppliers.map((supplier) => ({ id: supplier.supplierId, input: supplierFromProto(supplier) }));
      // At least one contribution is requested, so that the contributions of the columns are computed.
      const top = withScores ? Number.POSITIVE_INFINITY : 1;
      const { scored, rejected } = await scoreRows(scoring, rows, top, signal);
      const columns = scoring.explainer === null ? 0 : scoring.vectorizer.columns;
      const riskScores = new Float64Array(rows.length).fill(Number.NaN);
      const margins = new Float64Array(rows.length).fill(Number.NaN);
      const bands = new Uint8Array(rows.length).fill(NO_BAND);
      const contributions = new Float32Array(rows.length * columns).fill(Number.NaN);
      for (const { row, score } of scored) {
        riskScores[row] = score.riskScore ?? Number.NaN;
        margins[row] = score.output ?? Number.NaN;
        bands[row] = BAND_NUMBERS[score.band];
        if (score.columnContributions !== null) contributions.set(score.columnContributions, row * columns);
      }
      return {
        model: identityToProto(scoring.identity),
        riskScores: bytesOf(riskScores),
        margins: bytesOf(margins),
        bands,
        columnNames: columns === 0 ? [] : [...scoring.vectorizer.columnNames],
        contributions: bytesOf(contributions),
        baseValue: scoring.explainer?.baseValue ?? 0,
        scores: withScores ? scored.map(({ id, score }) => scoreToProto(id, "", score, scoring, top)) : [],
        rejected: rejected.map(({ row, reason, message }) => ({ row, reason, message })),
      };
    });
}
