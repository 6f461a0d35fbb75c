import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { propagateContextAsCaller } from "@bellwether/mesh/client/propagate-context";
import { createClient, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { forCaller, passOn } from "./pass-on.ts";

/** The RPCs that are forwarded to ml-service. Callers send batches in columns to ml-service directly. */
type PassedOn = Pick<
  ServiceImpl<typeof InferenceService>,
  "predict" | "predictRows" | "explain" | "explainChange" | "explainModel" | "counterfactual"
>;

/**
 * Forwards Predict, PredictRows, Explain, ExplainChange, ExplainModel and Counterfactual to ml-service, with the caller's identity
 * and deadline. Errors of ml-service are returned unchanged.
 */
export function passOnInference(transport: Transport): PassedOn {
  const ml = createClient(InferenceService, transport);
  return {
    predict: (request, context) => passOn(context, () => ml.predict(request, propagateContextAsCaller(context))),
    predictRows: (request, context) =>
      passOn(context, () => ml.predictRows(request, propagateContextAsCaller(context))),
    explainChange: (request, context) =>
      passOn(context, () => ml.explainChange(request, propagateContextAsCaller(context))),
    explainModel: (request, context) =>
      passOn(context, () => ml.explainModel(request, propagateContextAsCaller(context))),
    counterfactual: (request, context) =>
      passOn(context, () => ml.counterfactual(request, propagateContextAsCaller(context))),
    async *explain(request, context) {
      try {
        yield* ml.explain(request, propagateContextAsCaller(context));
      } catch (error) {
        throw forCaller(error, context);
      }
    },
  };
}
