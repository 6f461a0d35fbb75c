/** Interval of the writes by which ops-service sees that the holder of a run is alive, ms. */
export const HOLDER_WRITE_MS = 10_000;

/** Time without a write of its holder after which a run counts as abandoned, ms. */
export const HOLDER_LOCK_MS = 3 * HOLDER_WRITE_MS;
