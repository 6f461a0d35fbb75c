import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { DividedChange } from "../domain/alerts/model-change.ts";
import { InputNotStoredError, VersionGoneError } from "../domain/ops-error.ts";
import { checkSameFiles, type ScorePair, suppliedInput } from "../domain/scores/stored-input.ts";

/** Time after which no further change of a run is divided. */
const TOTAL_MS = 20_000;
/** Time limit of one call. */
const CALL_MS = 5_000;
/** Number of calls at the same time. */
const CALLS = 4;
/** Longest text of a reason. */
const MAX_REASON = 300;
/** Codes that say that a further call would fail too. */
const AWAY: ReadonlySet<Code> = new Set([
  ...[Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Unauthenticated, Code.PermissionDenied],
]);

/**
 * Creates a function that divides the changes of scores between two model versions with ml-service. It never fails: a
 * change that was not divided has the reason. When ml-service does not answer, or after 20 s, the others are not divided.
 */
export function createChangeDivider(transport: Transport) {
  const ml = createClient(InferenceService, transport);
  const divide = async ({ supplierId, before, after }: ScorePair, options: CallOptions): Promise<DividedChange> => {
    const endOf = (stored: ScorePair["before"]) => ({
      supplier: suppliedInput(supplierId, stored),
      model: { modelName: stored.scoredBy.name, modelVersion: stored.scoredBy.version },
    });
    const request = { before: endOf(before), after: endOf(after), maxParts: 1 };
    const change = await ml.explainChange(request, { ...options, timeoutMs: CALL_MS });
    checkSameFiles(before, change.before?.model);
    checkSameFiles(after, change.after?.model);
    const { dataScore, modelScore } = change.total ?? {};
    if (dataScore === undefined || modelScore === undefined)
      return notComputed("The risk score does not follow from the margin alone.");
    return { dataScore, modelScore, notComputed: "" };
  };
  return async (
    pairs: readonly ScorePair[],
    options: Pick<CallOptions, "headers">,
  ): Promise<ReadonlyMap<number, DividedChange>> => {
    const divided = new Map<number, DividedChange>();
    const signal = AbortSignal.timeout(TOTAL_MS);
    const left = pairs.values();
    let away = "";
    const work = async (): Promise<void> => {
      for (const pair of left) {
        if (away === "" && signal.aborted) away = `ml-service needed more than ${TOTAL_MS / 1000} s.`;
        if (away !== "") divided.set(pair.supplier, notComputed(away));
        else
          divided.set(
            pair.supplier,
            await divide(pair, { ...options, signal }).catch((error: unknown) => {
              const [reason, isAway] = reasonOf(error);
              if (isAway) away = reason;
              return notComputed(reason);
            }),
          );
      }
    };
    await Promise.all(Array.from({ length: CALLS }, work));
    return divided;
  };
}

const notComputed = (reason: string): DividedChange => ({
  ...{ dataScore: null, modelScore: null, notComputed: reason.slice(0, MAX_REASON) },
});

/** Returns why a change was not divided, and whether further calls would fail too. @throws errors of this program */
function reasonOf(error: unknown): readonly [reason: string, isAway: boolean] {
  if (error instanceof InputNotStoredError || error instanceof VersionGoneError) return [error.message, false];
  if (!(error instanceof ConnectError)) throw error;
  const isAway = AWAY.has(error.code);
  return [`${isAway ? "ml-service does not answer" : "ml-service rejected it"}: ${error.rawMessage}`, isAway];
}
