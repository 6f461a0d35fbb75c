import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Page } from "../parts/page.tsx";
import { sessionChanged, useSession } from "../rpc/use-session.ts";

/** The end of a sign-in in a new tab: notifies the tab in which it was begun, and closes this one. */
export function SignedInPage() {
  const queries = useQueryClient();
  const isSignedIn = useSession().state === "signed-in";
  useEffect(() => {
    if (!isSignedIn) return;
    void sessionChanged(queries).then(() => window.close());
  }, [isSignedIn, queries]);
  return (
    <Page title="Signed in">
      <p>You are signed in. Close this tab and continue where you were.</p>
    </Page>
  );
}
