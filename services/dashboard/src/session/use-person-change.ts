import { useEffect, useRef } from "react";
import type { Session } from "../rpc/session.ts";
import { claimDrafts } from "./use-draft.ts";

/**
 * Loads the page again when another person signs in on it: that person must not get the open forms, the typed texts and
 * the answers of the person before.
 */
export function usePersonChange(session: Session): void {
  const before = useRef("");
  const person = session.state === "signed-in" ? session.subject : "";
  useEffect(() => {
    if (person === "") return;
    const isOther = claimDrafts(person) || (before.current !== "" && before.current !== person);
    before.current = person;
    if (isOther) window.location.reload();
  }, [person]);
}
