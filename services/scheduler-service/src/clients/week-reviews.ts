import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import type { WeekReviews } from "../domain/review-weights.ts";
import { callAgain } from "./call-again.ts";

/** Creates a function that returns the review sample of a week. It throws PeerUnavailableError, PeerRejectedError. */
export function createWeekReviews(
  transport: Transport,
  modelName: string,
): (isoWeek: string, signal: AbortSignal) => Promise<WeekReviews> {
  const outcomes = createClient(OutcomeService, transport);
  return async (isoWeek, signal) => {
    const { reviews, frame } = await callAgain(
      "ops-service",
      () => outcomes.listReviews({ modelName, isoWeek }, { signal }),
      signal,
    );
    const answered = reviews.filter(({ answer }) => answer !== OutcomeValue.UNSPECIFIED);
    return { isoWeek, frame: Number(frame), answered: new Set(answered.map(({ supplierId }) => supplierId)) };
  };
}
