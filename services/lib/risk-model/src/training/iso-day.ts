/** Milliseconds of a day in UTC. */
const DAY_MS = 86_400_000;

/** Returns the ISO date of a day, counted from 1970-01-01. */
export const isoDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Returns the day of an ISO date, counted from 1970-01-01. */
export const dayOf = (isoDate: string): number => Math.floor(Date.parse(isoDate) / DAY_MS);
