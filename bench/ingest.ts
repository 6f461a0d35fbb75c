import type { Bench } from "./metric.ts";
import { measureIngest } from "./own/ingest.ts";

/** Measures the reading of a weekly file of a million suppliers. */
export const bench: Bench = (context) => measureIngest(1_000_000, context);
