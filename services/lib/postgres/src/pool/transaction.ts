import type { Pool, PoolClient } from "pg";
import { transientError } from "./transient-error.ts";

/**
 * Runs work in a transaction: all of it is stored, or nothing when it throws. A connection that may still be in the transaction is
 * given up with it.
 * @throws what the work throws, or what the server says to the commit
 */
export async function inTransaction<T>(pool: Pool, work: (connection: PoolClient) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let isOver = false;
  try {
    await connection.query("begin");
    const result = await work(connection);
    const { command } = await connection.query("commit");
    isOver = true;
    // Work that has swallowed a failed query: the server rolls back, and calls that no failure.
    if (command !== "COMMIT") throw new Error("the transaction was rolled back: one of its queries had failed");
    return result;
  } catch (error) {
    // A server that is gone has rolled back, and would be waited for again.
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
