import type { PolicyChain } from "../call/policy.ts";
import type { Route } from "../call/route.ts";
import { accepts } from "../web/accepts.ts";
import { foreignCharset } from "../web/charset.ts";
import { rejectMethod, sendRejection, shown } from "../web/http-rejection.ts";
import { pathOf, type WebHandler } from "../web/web-handler.ts";
import { pathMatcher } from "./path-parameters.ts";
import { RestCall } from "./rest-call.ts";
import { bindRest, type RestRoute } from "./rest-route.ts";
import { EVENT_STREAM } from "./server-event.ts";

/**
 * Serves REST paths with the handlers of their RPCs. `onThrow` is called when an answer cannot be sent.
 * @throws Error when the RPC of a path has no handler
 */
export function restHandler(
  rests: readonly RestRoute[],
  routes: readonly Route[],
  chain: PolicyChain,
  onThrow: (error: unknown) => void,
): WebHandler {
  const paths = rests.map((rest) => ({ rest, bound: bindRest(rest, routes), matches: pathMatcher(rest.path) }));
  return (request, response) => {
    const path = pathOf(request);
    const here = paths.flatMap(({ rest, bound, matches }) => {
      const params = matches(path);
      return params === undefined ? [] : [{ rest, bound, params }];
    });
    if (here.length === 0) return false;
    const verb = request.method === "HEAD" ? "GET" : request.method;
    const match = here.find(({ rest }) => rest.verb === verb);
    const charset = match && foreignCharset(request.headers["content-type"]);
    if (charset !== undefined) {
      response.setHeader("accept-post", "application/json");
      sendRejection(response, 415, `the charset ${shown(charset)} is not supported here: send JSON in UTF-8`, {
        field: "content-type",
      });
    } else if (match && !isJsonType(request.headers["content-type"], match.rest)) {
      response.setHeader("accept-post", "application/json");
      const type = shown(request.headers["content-type"] ?? "");
      sendRejection(response, 415, `the content type ${type} is not read here: send application/json`, {
        field: "content-type",
      });
    } else if (match && !accepts(request.headers.accept, typesOf(match.rest))) {
      const types = typesOf(match.rest).join(" or ");
      sendRejection(response, 406, `the path answers ${types}: send Accept with it, or without Accept`, {
        field: "accept",
      });
    } else if (match) {
      new RestCall({ ...match, chain, request, response }).run().catch((error) => {
        onThrow(error);
        request.destroy();
      });
    } else {
      const allowed = here.flatMap(({ rest }) => (rest.verb === "GET" ? ["GET", "HEAD"] : [rest.verb]));
      rejectMethod(request, response, allowed);
    }
    return true;
  };
}

/** Types with which clients send JSON. Those without a type of their own, such as curl, send the type of a form or of bytes. */
const JSON_TYPE =
  /^\s*(?:application\/(?:json|x-www-form-urlencoded|octet-stream|[\w.+-]+\+json)|text\/(?:json|plain))\s*(?:;|$)/i;

/** Whether a body of a content type is read as JSON. Paths with rows or bytes check their types themselves. */
const isJsonType = (type: string | undefined, { verb, readsRows, readsBytes }: RestRoute): boolean =>
  type === undefined || verb === "GET" || Boolean(readsRows || readsBytes) || JSON_TYPE.test(type);

/** Returns the media types with which a path answers. Clients that accept any JSON accept its lines too. */
const typesOf = ({ rpc, toEvent, readsBytes }: RestRoute): readonly string[] =>
  readsBytes
    ? ["application/json", "application/octet-stream"]
    : rpc.methodKind === "unary"
      ? ["application/json"]
      : toEvent
        ? [EVENT_STREAM]
        : ["application/x-ndjson", "application/json"];
