import { leaf } from "./check-schema.ts";
import { isIsoDate } from "./iso-date.ts";

export const isoDateSchema = leaf<string>(
  "a date YYYY-MM-DD",
  (value) => typeof value === "string" && isIsoDate(value),
);
