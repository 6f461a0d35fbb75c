import { createContextKey, type HandlerContext } from "@connectrpc/connect";

/** A role of a caller, as in `bellwether.policy.v1.Role`. */
export type RoleName = "viewer" | "analyst" | "admin" | "service";

/** Who makes a call. */
export interface Caller {
  /** The token's subject, the certificate's name, or "anonymous" when authentication is off. */
  readonly subject: string;
  readonly roles: ReadonlySet<RoleName>;
  readonly via: "token" | "certificate" | "none";
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
