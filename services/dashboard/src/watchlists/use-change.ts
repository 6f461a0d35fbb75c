import { Code, ConnectError } from "@connectrpc/connect";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useBlockedReason } from "../rpc/live.ts";
import { problemOf } from "../rpc/problem.ts";

/** Codes whose message says what is wrong with the list. */
const SAID: ReadonlySet<Code> = new Set([
  ...[Code.NotFound, Code.AlreadyExists, Code.FailedPrecondition, Code.Aborted, Code.InvalidArgument],
]);

/** Changes of watchlists, one after the other, and what went wrong with the last one. */
export function useChange() {
  const queries = useQueryClient();
  const blocked = useBlockedReason();
  const [problem, setProblem] = useState("");
  const [isSending, setIsSending] = useState(false);
  /** Sends a change. Returns whether it was made. */
  const change = async (send: () => Promise<unknown>): Promise<boolean> => {
    if (blocked !== undefined || isSending) return false;
    setProblem("");
    setIsSending(true);
    try {
      await send();
      return true;
    } catch (error) {
      const failure = ConnectError.from(error);
      const { title, wayOut } = problemOf(error);
      setProblem(SAID.has(failure.code) ? failure.rawMessage : `${title}. ${wayOut}`);
      return false;
    } finally {
      // Also after an error: somebody else may have changed the list.
      await queries.invalidateQueries();
      setIsSending(false);
    }
  };
  return { change, isSending, problem: blocked ?? problem };
}
