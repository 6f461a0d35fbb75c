import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";

/**
 * Runs a `copy … from stdin` with the rows in its format. @throws DatabaseError when the server refuses them
 */
export function copyRows(connection: Pick<ClientBase, "query">, statement: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const copy = connection.query(copyFrom(statement));
    // A query that is given up tells its failure again when its connection ends.
    copy.on("error", reject).once("finish", resolve).end(rows);
  });
}
