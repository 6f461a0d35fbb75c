import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import type { PredictBatchResponse } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";

/**
 * Sets the contributions of rows without a score, NaN in the answer of ml-service, to 0 in place. ops-service of this
 * release stores zeros for them; one of an earlier release stores what it receives.
 */
export function clearContributions({
  bands,
  contributions,
  columnNames,
}: Pick<PredictBatchResponse, "bands" | "contributions" | "columnNames">): void {
  const rowBytes = columnNames.length * Float32Array.BYTES_PER_ELEMENT;
  for (const [row, band] of bands.entries())
    if (band < BAND_NUMBERS.low) contributions.fill(0, row * rowBytes, (row + 1) * rowBytes);
}
