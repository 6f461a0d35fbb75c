import { useEffect, useRef, useState } from "react";
import type { Session } from "../rpc/session.ts";
import { useSession } from "../rpc/use-session.ts";
import { SignInForm } from "./sign-in-form.tsx";

type SignedOut = Extract<Session, { state: "signed-out" }>;

/**
 * Asks a person who is not signed in to sign in. The page, its dialogs and everything that was typed in them stay
 * as they are.
 */
export function SignInPrompt() {
  const session = useSession();
  // The cookie is removed at the end of a session, so from the second answer on the server cannot know that there was one.
  const [hadSession, setHadSession] = useState(false);
  const isMissing = session.state === "signed-out" && session.reason === "SESSION_MISSING";
  const isSession = session.state === "signed-in" || (session.state === "signed-out" && !isMissing);
  useEffect(() => {
    if (isSession) setHadSession(true);
  }, [isSession]);
  if (session.state !== "signed-out") return null;
  return isMissing && !hadSession ? <FirstPrompt session={session} /> : <EndedPrompt session={session} />;
}

function FirstPrompt({ session }: { session: SignedOut }) {
  return (
    <section className="sign-in-prompt" aria-label="Sign in">
      <p>
        <strong>You are not signed in.</strong>
      </p>
      <SignInForm methods={session.methods} returnTo={window.location.hash} inNewTab={false} />
    </section>
  );
}

/**
 * A modal dialog: it can be used above another modal dialog in which something was typed. After "Not now" the
 * prompt stays at the top of the page.
 */
function EndedPrompt({ session }: { session: SignedOut }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isPutOff, setPutOff] = useState(false);
  useEffect(() => {
    if (!isPutOff && !dialog.current?.open) dialog.current?.showModal();
  }, [isPutOff]);
  const content = (
    <>
      <p>
        <strong>Your session has ended.</strong> What you have typed stays on this page.
      </p>
      <SignInForm methods={session.methods} returnTo={window.location.hash} inNewTab />
    </>
  );
  if (isPutOff)
    return (
      <section className="sign-in-prompt" aria-label="Sign in">
        {content}
      </section>
    );
  return (
    <dialog ref={dialog} className="sign-in-dialog" aria-label="Sign in" onClose={() => setPutOff(true)}>
      {content}
      <p>
        <button type="button" onClick={() => dialog.current?.close()}>
          Not now
        </button>
      </p>
    </dialog>
  );
}
