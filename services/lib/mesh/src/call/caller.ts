import { createContextKey, type HandlerContext } from "@connectrpc/connect";

/** What a caller may do, as `bellwether.policy.v1.Role` says it. */
export type RoleName = "viewer" | "analyst" | "admin" | "service";

/** Who makes a call. */
export interface Caller {
  /** The token's subject, the certificate's name, or "anonymous" where authentication is off. */
  readonly subject: string;
  readonly roles: ReadonlySet<RoleName>;
  readonly via: "token" | "certificate" | "none";
}

/** The caller of a server whose authentication is off: may do everything. */
export const ANONYMOUS: Caller = {
  subject: "anonymous",
  roles: new Set<RoleName>(["viewer", "analyst", "admin", "service"]),
  via: "none",
};

/** Where the authentication policy leaves the caller for handlers. */
export const callerKey = createContextKey<Caller>(ANONYMOUS, { description: "bellwether caller" });

/** Who made the call that `context` belongs to: for decisions that are recorded with a name. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(callerKey);
}
