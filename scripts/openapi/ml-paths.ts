import type { DescMessage } from "@bufbuild/protobuf";
import type { Schema } from "./message-schema.ts";
import { plainReference } from "./plain-schema.ts";
import { restAnswer } from "./rest-answer.ts";

const COMPARISON = "bellwether.registry.v1.GetShadowComparisonResponse";

/** Messages whose JSON the REST paths of ml-service answer. */
export const ML_MESSAGES = [COMPARISON] as const;

/**
 * Returns the REST paths that only ml-service has, with `snake_case` JSON. Those of the Open Inference Protocol are in
 * its own specification.
 * @param message Returns a message of the contract by its name.
 */
export const mlPaths = (message: (name: string) => DescMessage): Readonly<Record<string, Schema>> => ({
  "/shadow": {
    get: {
      operationId: "shadow",
      summary: "Returns what this replica has compared, as GetShadowComparison without its sums.",
      parameters: [{ name: "model_name", in: "query", required: false, schema: { type: "string" } }],
      responses: restAnswer("The comparisons of this replica.", plainReference(message(COMPARISON))),
    },
  },
});
