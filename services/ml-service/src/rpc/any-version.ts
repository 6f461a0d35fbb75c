import { mayCall } from "@bellwether/mesh/auth/permissions";
import { callerOf } from "@bellwether/mesh/call/caller";
import type { HandlerContext } from "@connectrpc/connect";

/** Whether the caller may use versions that no alias points at: each is loaded for the call, which takes memory and time. */
export const mayUseAnyVersion = (context: Pick<HandlerContext, "values">): boolean =>
  mayCall(callerOf(context).roles, "analyst");
