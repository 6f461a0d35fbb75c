import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { DescMethod, DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { Outcome } from "./declared-roles.ts";

const TIMEOUT_MS = 30_000;
/** Ends that say nothing about the role: the call did not arrive, or the server has no such RPC. */
const UNRELATED = [Code.Unknown, Code.Internal, Code.DeadlineExceeded, Code.Unimplemented, Code.Canceled];

/**
 * Calls an RPC with an empty request and returns what the checks of role and scope decided. Most requests must not be empty, so
 * an allowed call usually ends with INVALID_ARGUMENT and changes nothing.
 * @throws Error when the call ended for another reason
 */
export async function callOutcome(transport: Transport, method: DescMethod, headers: HeadersInit): Promise<Outcome> {
  const ended = new AbortController();
  try {
    if (method.methodKind === "unary") {
      await transport.unary(method as DescMethodUnary, ended.signal, TIMEOUT_MS, headers, {});
    } else {
      const empty = (async function* () {
        yield {};
      })();
      const answer = await transport.stream(method as DescMethodStreaming, ended.signal, TIMEOUT_MS, headers, empty);
      for await (const _ of answer.message) break;
    }
    return "allowed";
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
    if (reason === "ROLE_MISSING" || reason === "CREDENTIALS_MISSING" || reason === "SUPPLIER_SCOPE") return reason;
    if (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied || UNRELATED.includes(error.code))
      throw new Error(`${method.parent.typeName}/${method.name}: ${error.message} (${reason ?? "no reason"})`);
    return "allowed";
  } finally {
    ended.abort();
  }
}
