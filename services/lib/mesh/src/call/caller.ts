import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { cutToBytes } from "./cut-to-bytes.ts";
import type { SupplierScope } from "./supplier-scope.ts";

/** A role of a caller, as in `bellwether.policy.v1.Role`. */
export type RoleName = "viewer" | "analyst" | "admin" | "service";

/** A right that a caller has in addition to its roles: to move one alias of every model. */
export type Right = "promote:champion" | "promote:challenger";

/** Who makes a call. */
export interface Caller {
  /**
   * The token's subject, the certificate's name, the person's id at the identity provider, "key:" and the name
   * of an API key, or "anonymous" when authentication is off.
   */
  readonly subject: string;
  /** Name of the person for display. Undefined: only the subject is known. */
  readonly name?: string;
  readonly roles: ReadonlySet<RoleName>;
  /** Undefined: none besides those of the roles. */
  readonly rights?: ReadonlySet<Right>;
  /** The suppliers that the caller sees. Undefined: all. Callers with the role "service" have none. */
  readonly scope?: SupplierScope;
  readonly via: "token" | "certificate" | "session" | "key" | "none";
  /** Time after which the credential is not accepted, epoch milliseconds. Undefined: not known. */
  readonly expiresAtMs?: number;
}

/** The caller of every call when authentication is off: may do everything. */
export const ANONYMOUS: Caller = {
  subject: "anonymous",
  roles: new Set<RoleName>(["viewer", "analyst", "admin", "service"]),
  via: "none",
};

/** Key under which the authentication policy stores the caller for handlers. */
export const callerKey = createContextKey<Caller>(ANONYMOUS, { description: "bellwether caller" });

/** Returns the caller of the call that `context` belongs to, for decisions that are recorded with a name. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(callerKey);
}

/** Maximum size of a name with its subject in bytes of UTF-8: that of the owner of an alert. */
const MAX_ACTOR_BYTES = 128;

/**
 * Returns the text that records contain for a caller: "Ada Lovelace (ada)" for a person with a name, at most 128
 * bytes, otherwise the subject. The last parentheses contain the subject, whatever the name contains.
 */
export function actorOf({ subject, name = "" }: Pick<Caller, "subject" | "name">): string {
  if (name === "" || name === subject) return subject;
  const ending = ` (${subject})`;
  const shown = cutToBytes(name, MAX_ACTOR_BYTES - Buffer.byteLength(ending));
  return shown === "" ? subject : `${shown}${ending}`;
}
