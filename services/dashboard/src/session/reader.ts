import { createContext, useContext } from "react";
import type { Session } from "../rpc/session.ts";

/** The person who reads the page, as the server knows them. */
export interface Reader {
  /** The text that the server records for decisions, and as an owner. Empty: not known. */
  readonly subject: string;
  /** Whether the reader may decide about alerts, and not only read. */
  readonly mayDecide: boolean;
  /** Whether the reader may do what only administrators may, for all suppliers together. */
  readonly mayAdminister: boolean;
  /** Whether the reader sees all suppliers. The server denies the others what is about all of them together. */
  readonly seesAll: boolean;
}

/** A server without authentication: everybody may do everything, and decisions have no name. */
export const UNKNOWN_READER: Reader = { subject: "", mayDecide: true, mayAdminister: true, seesAll: true };

export const ReaderContext = createContext<Reader>(UNKNOWN_READER);

/** Roles that may only read. */
const READING_ROLES: ReadonlySet<string> = new Set(["viewer", "runner"]);

/**
 * Returns the reader of a session. While the session is not known, or has ended, the page keeps its buttons: the
 * server decides.
 */
export function readerOf(session: Session): Reader {
  if (session.state !== "signed-in") return UNKNOWN_READER;
  const { actor, role, scope } = session;
  const seesAll = scope === null;
  return {
    subject: actor,
    mayDecide: !READING_ROLES.has(role),
    mayAdminister: role === "admin" && seesAll,
    seesAll,
  };
}

export const useReader = (): Reader => useContext(ReaderContext);
