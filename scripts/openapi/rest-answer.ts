import { ID_HEADERS } from "./flat-schemas.ts";
import type { Schema } from "./message-schema.ts";

/** Returns the responses of a REST path: its answer, and the problem of every error. */
export const restAnswer = (description: string, schema: Schema, type = "application/json"): Schema => ({
  200: { description, headers: ID_HEADERS, content: { [type]: { schema } } },
  default: {
    description: "The request was not served.",
    headers: ID_HEADERS,
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  },
});
