import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";

/**
 * Runs a `copy … from stdin` statement. The rows must be in the format that the statement names. @throws DatabaseError when the server rejects them
 */
export function copyRows(connection: Pick<ClientBase, "query">, statement: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = connection.query(copyFrom(statement));
    // A failed query may emit its error again when its connection ends, so the listener stays.
    copy.on("error", reject).once("finish", resolve).end(rows);
  });
}
