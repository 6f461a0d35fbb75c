const TIMEOUT = /^(\d{1,8})\s*([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Returns the deadline that a `grpc-timeout` header sets, counted from now, in epoch milliseconds. Infinity:
 * there is no header, or its value is invalid.
 */
export function parseTimeout(header: string | undefined): number {
  const [, amount, unit] = (header && TIMEOUT.exec(header)) || [];
  if (amount === undefined || unit === undefined) return Number.POSITIVE_INFINITY;
  return Date.now() + Math.trunc(Number(amount) * (UNIT_MS[unit] ?? 0));
}
