/** Number of milliseconds of a day in UTC. */
const DAY_MS = 86_400_000;

/** Converts a day number to an ISO date. Day 0 is 1970-01-01. */
export const isoDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Converts an ISO date to a day number. Day 0 is 1970-01-01. */
export const dayOf = (isoDate: string): number => Math.floor(Date.parse(isoDate) / DAY_MS);
