const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Returns the end of a day such as "2026-12-31" in UTC: its last second. A time limit that is a day includes the
 * whole day. Undefined: the text is not a day.
 */
export function endOfDay(text: string): Date | undefined {
  if (!DAY.test(text)) return undefined;
  const end = new Date(`${text}T23:59:59Z`);
  return !Number.isNaN(end.getTime()) && end.toISOString().startsWith(text) ? end : undefined;
}
