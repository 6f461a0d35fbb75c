import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Page } from "../parts/page.tsx";
import { SignInForm } from "../parts/sign-in-form.tsx";
import { ACTIVE_ALERTS } from "../routing/inbox-view.ts";
import { hrefOf } from "../routing/route.ts";
import { signInWith } from "../rpc/session.ts";
import { sessionChanged, useSession } from "../rpc/use-session.ts";

const HOME = hrefOf({ page: "alerts", view: ACTIVE_ALERTS });

/** The page on which a person signs in. @param code code of a one-time link; empty: there is none */
export function SignInPage({ code }: { code: string }) {
  const session = useSession();
  const failure = useLink(code);
  return (
    <Page title="Sign in">
      {failure !== "" && (
        <div className="notice failure" role="alert">
          <strong>The link does not sign you in</strong>
          <p>{failure}</p>
        </div>
      )}
      {session.state === "signed-out" && (
        <SignInForm
          methods={session.methods}
          returnTo={HOME}
          inNewTab={false}
          onSignedIn={() => window.location.replace(HOME)}
        />
      )}
      {session.state === "signed-in" && (
        <p>
          You are signed in as <bdi>{session.name}</bdi>. <a href={HOME}>Go to the alerts</a>
        </p>
      )}
      {session.state === "off" && (
        <p>
          {session.message}: nobody needs to sign in. <a href={HOME}>Go to the alerts</a>
        </p>
      )}
    </Page>
  );
}

/** Signs in with a one-time link. Returns why it failed; empty: it has not failed. */
function useLink(code: string): string {
  const queries = useQueryClient();
  const used = useRef("");
  const [failure, setFailure] = useState("");
  useEffect(() => {
    // A link is valid once: React may run an effect twice.
    if (code === "" || used.current === code) return;
    used.current = code;
    // The code leaves the address and the history of the browser.
    window.history.replaceState(null, "", "#/sign-in");
    void signInWith("link", code, document.baseURI).then(async (failed) => {
      setFailure(failed ?? "");
      if (failed !== undefined) return;
      await sessionChanged(queries);
      window.location.replace(HOME);
    });
  }, [code, queries]);
  return failure;
}
