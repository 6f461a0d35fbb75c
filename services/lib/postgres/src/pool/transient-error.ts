/** System error codes of a connection that cannot be opened or broke. */
const LOST = /^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)$/;
/**
 * Messages of node-postgres 8, which has no codes, for the same errors: connections that ended or timed out,
 * and answers that timed out.
 */
const LOST_TEXT =
  /^(Connection terminated|timeout e(xceeded|xpired)|Query read timeout|Client (was closed|has encountered a connection error))/;
/**
 * SQLSTATEs that may succeed at the next attempt, or after an operator's repair: no connection, too many
 * connections, a transaction that was idle for too long, a server that shuts down or starts, a deadlock or a
 * serialization failure, a full disk or memory, and a primary that became a standby.
 */
const PASSING = /^(08...|25006|25P03|53100|53200|53300|57P0[123]|40001|40P01)$/;
const DISK_FULL = "53100";
/** SQLSTATE of a canceled statement. */
const QUERY_CANCELED = "57014";
/** SQLSTATE of a statement that waited for a lock longer than `lock_timeout`. */
const LOCK_NOT_AVAILABLE = "55P03";
const MAX_CAUSES = 5;

/**
 * Returns the transient cause of an error, such as a lost connection; undefined for errors that the query
 * itself caused.
 */
export function transientError(error: unknown): Error | undefined {
  return causeOf(error, ({ code, message }) =>
    code === undefined ? LOST_TEXT.test(message) : LOST.test(code) || PASSING.test(code),
  );
}

/** Returns the cause of an error, when a statement took longer than the server allows. */
export function timeoutError(error: unknown): Error | undefined {
  return causeOf(error, ({ code }) => code === QUERY_CANCELED);
}

/** Returns the cause of an error, when the disk of the database is full. */
export function diskError(error: unknown): Error | undefined {
  return causeOf(error, ({ code }) => code === DISK_FULL);
}

/** Returns the cause of an error, when a statement waited for a lock longer than its connection allows. */
export function lockError(error: unknown): Error | undefined {
  return causeOf(error, ({ code }) => code === LOCK_NOT_AVAILABLE);
}

/** Returns the cause of an error, when too many calls waited for a connection of a pool. */
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
