import type { Call } from "../call/call.ts";
import type { Caller } from "../call/caller.ts";

/** Identifies callers by one kind of credential in addition to tokens and certificates. */
export interface CredentialSource {
  /**
   * Returns the caller whom the credential in the call identifies. Undefined: the call has no credential of this
   * kind, and the next source, the token or the certificate is tried.
   * @throws an RPC error, or an error of the service's table, for a credential that is not accepted
   */
  identify(call: Call): Caller | Promise<Caller> | undefined;
  /** Runs when any call has ended, whoever its caller is. */
  close?(call: Call): void;
}

/** Returns the bearer token of a call. Undefined: the call has none. */
export function bearerToken(call: Pick<Call, "header">): string | undefined {
  const header = call.header("authorization");
  return header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}
