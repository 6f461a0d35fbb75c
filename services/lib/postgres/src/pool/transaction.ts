import type { Pool, PoolClient } from "pg";
import { transientError } from "./transient-error.ts";

/**
 * Runs work in a transaction: everything is stored, or nothing when the work throws. A connection that may
 * still be in the transaction is closed.
 * @throws the error of the work, or the server's error at the commit
 */
export async function inTransaction<T>(pool: Pool, work: (connection: PoolClient) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let isOver = false;
  try {
    await connection.query("begin");
    const result = await work(connection);
    const { command } = await connection.query("commit");
    isOver = true;
    // The work ignored a failed query: the server then rolls back at the commit and reports no error.
    if (command !== "COMMIT") throw new Error("the transaction was rolled back: one of its queries had failed");
    return result;
  } catch (error) {
    // A lost server has rolled back already; another query would only wait for it again.
    if (!isOver && transientError(error) === undefined) isOver = await rollBack(connection);
    throw error;
  } finally {
    connection.release(!isOver);
  }
}

function rollBack(connection: PoolClient): Promise<boolean> {
  return connection.query("rollback").then(
    () => true,
    () => false,
  );
}
