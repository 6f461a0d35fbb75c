import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import { type SignInMethods, signInUrl, signInWith } from "../rpc/session.ts";
import { sessionChanged } from "../rpc/use-session.ts";

interface SignInFormProps {
  readonly methods: SignInMethods;
  /** Part of the page's address after "#" to which the person returns. */
  readonly returnTo: string;
  /** Whether the identity provider opens in a new tab, so that this tab keeps what was typed. */
  readonly inNewTab: boolean;
  /** Called after signing in with a token. */
  readonly onSignedIn?: () => void;
}

/** The button of the identity provider, and the form for a token, as far as the server accepts them. */
export function SignInForm({ methods, returnTo, inNewTab, onSignedIn }: SignInFormProps) {
  const { provider, token } = methods;
  return (
    <div className="sign-in">
      {provider !== null && (
        <a
          className="button"
          href={signInUrl(document.baseURI, inNewTab ? "#/signed-in" : returnTo)}
          {...(inNewTab && { target: "_blank", rel: "opener" })}
        >
          Sign in at {provider}
        </a>
      )}
      {token && <TokenForm {...(onSignedIn && { onSignedIn })} />}
      {provider === null && !token && <p>Open this page through the address that signs you in.</p>}
    </div>
  );
}

function TokenForm({ onSignedIn }: Pick<SignInFormProps, "onSignedIn">) {
  const queries = useQueryClient();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [failure, setFailure] = useState("");
  const [isPending, setPending] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isPending) return;
    setPending(true);
    const failed = await signInWith("token", field.current?.value ?? "", document.baseURI);
    setPending(false);
    setFailure(failed ?? "");
    if (failed !== undefined) {
      field.current?.focus();
      return;
    }
    if (field.current) field.current.value = "";
    await sessionChanged(queries);
    onSignedIn?.();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <label htmlFor={id}>Token</label>
      <input
        ref={field}
        id={id}
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
        aria-describedby={`${id}-help`}
      />
      <button type="submit" aria-disabled={isPending}>
        Sign in
      </button>
      <p id={`${id}-help`} className="quiet">
        An administrator creates it with: bellwether auth token
      </p>
      <p role="alert">{failure}</p>
    </form>
  );
}
