import { ID_HEADERS } from "./flat-schemas.ts";
import type { Schema } from "./message-schema.ts";

/** The header with which a request can be sent again. */
export const REQUEST_KEY: Schema = {
  ...{ name: "Idempotency-Key", in: "header", required: false },
  description:
    "A text that the client makes for each request that it may send again. The same key with the same content has the first answer, with the header idempotency-replayed.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[!-~]+$" },
};

/** The answer to a request that conflicts with what is stored. */
export const conflict = (type: string, schema: string): Schema => ({
  description:
    "The key was used for another request (REQUEST_KEY_MISMATCH), or the alert has another version than the request (ALERT_CHANGED).",
  headers: ID_HEADERS,
  content: { [type]: { schema: { $ref: `#/components/schemas/${schema}` } } },
});
