/** Codes of the system for a connection that cannot be made or broke. */
const LOST = /^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)$/;
/** The same by node-postgres 8, which has no codes: connections that ended, that are not made in time, and answers that do not come. */
const LOST_TEXT =
  /^(Connection terminated|timeout e(xceeded|xpired)|Query read timeout|Client (was closed|has encountered a connection error))/;
/**
 * SQLSTATEs: no connection, too many of them, one that was idle in a transaction for too long, shut down or starting, a deadlock or a
 * serialization failure, a full disk, and a primary that has become a standby: gone at the next attempt, or when somebody has mended it.
 */
const PASSING = /^(08...|25006|25P03|53100|53300|57P0[123]|40001|40P01)$/;
/** SQLSTATE of a statement that was ended while it ran. */
const QUERY_CANCELED = "57014";
const MAX_CAUSES = 5;

/** The fault below an error that may be gone at the next attempt: a connection that is lost, not what a query says. */
export function transientError(error: unknown): Error | undefined {
  return causeOf(error, ({ code, message }) =>
    code === undefined ? LOST_TEXT.test(message) : LOST.test(code) || PASSING.test(code),
  );
}

/** The fault below an error of a statement that took longer than the server allows it. */
export function timeoutError(error: unknown): Error | undefined {
  return causeOf(error, ({ code }) => code === QUERY_CANCELED);
}

/** The fault below an error of a pool that has too many waiting for it. */
export function poolError(error: unknown): Error | undefined {
  return causeOf(error, ({ name }) => name === "PoolFullError");
}

interface Failure {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
}

function causeOf(error: unknown, is: (error: Failure) => boolean): Error | undefined {
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    const code = "code" in at && typeof at.code === "string" ? at.code : undefined;
    if (is({ name: at.name, code, message: at.message })) return at;
    at = at.cause;
  }
  return undefined;
}
