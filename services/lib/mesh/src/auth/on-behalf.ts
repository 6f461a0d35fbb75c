import { Code } from "@connectrpc/connect";
import { actorOf, type Caller } from "../call/caller.ts";
import { cutToBytes } from "../call/cut-to-bytes.ts";
import { invalidRequest, rpcError } from "../errors/rpc-error.ts";
import { subjectViolation } from "./subject.ts";

/**
 * Request header in which a service names the person for whom it makes a call: the subject, and after a space the
 * name if there is one, each percent-encoded. Accepted from callers with the role "service" only.
 */
export const ON_BEHALF_HEADER = "bellwether-on-behalf-of";

/** `%` and two hex digits, or a character that needs no encoding. */
const FORM = /^(?:[\w.~!*'()-]|%[0-9A-F]{2})+(?: (?:[\w.~!*'()-]|%[0-9A-F]{2})+)?$/;

/** Returns the value of the header for a caller. */
export function onBehalfOf({ subject, name = "" }: Pick<Caller, "subject" | "name">): string {
  const parts = [subject.toWellFormed(), cutToBytes(name, 128)].filter((part) => part !== "");
  return parts.map(encodeURIComponent).join(" ");
}

/**
 * Returns the caller of a call with the header: the person that it names, with the roles of the service.
 * Without the header it returns `service` itself.
 * @throws ConnectError INVALID_ARGUMENT for a malformed value, PERMISSION_DENIED for a caller that is not a service
 */
export function personBehind(service: Caller, header: string | undefined): Caller {
  if (header === undefined) return service;
  if (!service.roles.has("service")) {
    const text = `the header ${ON_BEHALF_HEADER} needs the role service, which ${actorOf(service)} does not have`;
    throw rpcError(Code.PermissionDenied, "ROLE_MISSING", text);
  }
  const [subject = "", name = ""] = FORM.test(header) ? header.split(" ").map(decoded) : [];
  if (subjectViolation(subject) !== undefined || name.includes("\0"))
    throw invalidRequest([{ field: ON_BEHALF_HEADER, description: "is not a percent-encoded subject and name" }]);
  return { ...service, subject, ...(name !== "" && { name }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
