import type { ClientBase } from "pg";
import pg from "pg";

/** Runs of a statement on a connection after which it gets a name. */
const MIN_RUNS = 3;
/** Maximum number of named statements of a connection: the server keeps each of them parsed, and some with their plan. */
const MAX_NAMED = 64;
/** Maximum number of statements of a connection whose runs are counted. */
const MAX_COUNTED = 256;

/** SQLSTATE of a named statement whose columns have changed with their table, and of one that the server does not have. */
const STALE: ReadonlySet<string | undefined> = new Set(["0A000", "26000"]);

/** A query of node-postgres as an object. */
type Query = { readonly text: string; readonly name?: string | undefined };

/** Names the statements that a connection runs again and again, so that the server parses each of them once. */
export interface PreparedStatements {
  /** Returns a query with the name of its statement, or as it is. */
  named(connection: ClientBase, query: unknown): unknown;
  /**
   * Whether an error says that the server cannot run a named statement any more. It has done nothing then, and the
   * statement gets another name.
   */
  isStale(connection: ClientBase, query: unknown, error: unknown): boolean;
}

interface Statements {
  readonly byText: Map<string, { runs: number; name: string | undefined }>;
  /** Number of names that were given. None of them is given again. */
  names: number;
}

/** Creates the statements of a pool. */
export function createPreparedStatements(): PreparedStatements {
  const ofConnection = new WeakMap<ClientBase, Statements>();
  const statementsOf = (connection: ClientBase): Statements => {
    const known = ofConnection.get(connection) ?? { byText: new Map(), names: 0 };
    ofConnection.set(connection, known);
    return known;
  };
  return {
    named(connection, query) {
      if (!isQuery(query) || query.name !== undefined) return query;
      const statements = statementsOf(connection);
      const { byText } = statements;
      const statement = byText.get(query.text) ?? { runs: 0, name: undefined };
      if (statement.runs === 0 && byText.size >= MAX_COUNTED) return query;
      byText.set(query.text, statement);
      statement.runs++;
      if (statement.name === undefined && statement.runs >= MIN_RUNS && statements.names < MAX_NAMED)
        statement.name = `s${++statements.names}`;
      return statement.name === undefined ? query : { ...query, name: statement.name };
    },
    isStale(connection, query, error) {
      if (!(error instanceof pg.DatabaseError) || !STALE.has(error.code) || !isQuery(query)) return false;
      return statementsOf(connection).byText.delete(query.text);
    },
  };
}

const isQuery = (query: unknown): query is Query =>
  typeof query === "object" && query !== null && "text" in query && typeof query.text === "string";
