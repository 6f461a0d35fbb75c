import { visibleText } from "@bellwether/reasons/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { hrefOf } from "../routing/route.ts";
import { scopeText, signOut } from "../rpc/session.ts";
import { sessionChanged, useSession } from "../rpc/use-session.ts";
import { clearDrafts } from "../session/use-draft.ts";

/** Who uses the page, and the button that ends the session. */
export function Person() {
  const session = useSession();
  if (session.state === "off")
    return (
      <span className="person quiet" title={session.message}>
        authentication is off
      </span>
    );
  if (session.state !== "signed-in") return null;
  return (
    <span className="person">
      <span title={session.subject}>
        <bdi>{session.name}</bdi> <span className="quiet">({session.role})</span>
      </span>
      {session.scope && (
        <a
          className="quiet"
          href={hrefOf({ page: "settings" })}
          title="You see only suppliers of these regions and categories"
        >
          {visibleText(scopeText(session.scope))}
        </a>
      )}
      {session.canSignOut && <SignOutButton />}
    </span>
  );
}

function SignOutButton() {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<string>();
  const end = async (): Promise<void> => {
    const failed = await signOut(document.baseURI);
    setFailure(failed);
    if (failed !== undefined) return;
    // The next person at this screen must not see what this one has loaded.
    clearDrafts();
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    window.location.hash = "#/sign-in";
    await sessionChanged(queries);
  };
  return (
    <>
      <button type="button" onClick={() => void end()}>
        Sign out
      </button>
      {failure !== undefined && <span role="alert">Not signed out: {failure}</span>}
    </>
  );
}
