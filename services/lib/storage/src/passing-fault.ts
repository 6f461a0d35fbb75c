/** Codes of the system and of postgres.js for a connection that cannot be made or broke. */
const LOST = /^(E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|CONNECT(ION)?_[A-Z]+)$/;
/**
 * SQLSTATEs: no connection, too many of them, one that was idle in a transaction for too long, shut down or starting, a deadlock or a
 * serialization failure: gone at the next attempt.
 */
const PASSING = /^(08...|25P03|53300|57P0[123]|40001|40P01)$/;
/** SQLSTATE of a statement that was ended while it ran. */
const QUERY_CANCELED = "57014";
const MAX_CAUSES = 5;

/** The fault below an error that may be gone at the next attempt: a connection that is lost, not what a query says. */
export function passingFault(error: unknown): Error | undefined {
  return causeWith(error, (code) => LOST.test(code) || PASSING.test(code));
}

/** The fault below an error of a statement that took longer than the server allows it. */
export function timeoutFault(error: unknown): Error | undefined {
  return causeWith(error, (code) => code === QUERY_CANCELED);
}

function causeWith(error: unknown, is: (code: string) => boolean): Error | undefined {
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    if ("code" in at && typeof at.code === "string" && is(at.code)) return at;
    at = at.cause;
  }
  return undefined;
}
