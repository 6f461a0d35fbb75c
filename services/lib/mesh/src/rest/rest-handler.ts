import type { PolicyChain } from "../policy.ts";
import type { Route } from "../route.ts";
import { pathOf, sendText, type WebHandler } from "../web/web-handler.ts";
import { RestCall } from "./rest-call.ts";
import { bindRest, type RestRoute } from "./rest-route.ts";

/** Serves REST paths over the handlers of their RPCs; `onThrow` is called when an answer cannot be sent. @throws Error when a path's RPC has no handler */
export function restHandler(
  rests: readonly RestRoute[],
  routes: readonly Route[],
  chain: PolicyChain,
  onThrow: (error: unknown) => void,
): WebHandler {
  const paths = rests.map((rest) => ({ rest, bound: bindRest(rest, routes) }));
  return (request, response) => {
    const here = paths.filter(({ rest }) => rest.path === pathOf(request));
    if (here.length === 0) return false;
    const match = here.find(({ rest }) => rest.verb === request.method);
    if (match) {
      new RestCall({ ...match, chain, request, response }).run().catch((error) => {
        onThrow(error);
        request.destroy();
      });
    } else {
      response.setHeader("allow", here.map(({ rest }) => rest.verb).join(", "));
      sendText(response, 405, "text/plain", "method not allowed\n");
    }
    return true;
  };
}
