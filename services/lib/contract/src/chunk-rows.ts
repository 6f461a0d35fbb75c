// How many suppliers of a weekly run go to ml-service and ops-service in one request.

/**
 * Number of suppliers in one PredictBatch call of `predict --input FILE`, and the default of WEEKLY_CHUNK_ROWS for
 * weekly runs: the fastest number by measurement, and below 16 MiB with 1,000 features.
 */
export const DEFAULT_CHUNK_ROWS = 4_096;

/** Minimum of WEEKLY_CHUNK_ROWS. Smaller chunks cost more time for requests and receipts than for scoring. */
export const MIN_CHUNK_ROWS = 256;
