import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { callerSettings } from "./caller-token.ts";
import { peerError } from "./peer-error.ts";
import { type Peer, peerUrl } from "./peer-url.ts";

/** Access to one gRPC service of a running service. */
export interface PeerClient<S extends DescService> extends Disposable {
  readonly client: Client<S>;
  /** Awaits the answer of a call. @throws an error for a person, with the ConnectError as its cause */
  answer<T>(call: Promise<T>): Promise<T>;
}

/**
 * Opens a connection to a running service, with the token of BELLWETHER_TOKEN_FILE or BELLWETHER_TOKEN.
 * @param url from the option of the peer; undefined: from the environment
 */
export function openPeer<S extends DescService>(
  context: CliContext,
  peer: Peer,
  url: string | undefined,
  service: S,
): PeerClient<S> {
  const target = peerUrl(peer, url, context);
  const transport = createMeshTransport({ url: target, ...callerSettings(context) });
  return {
    client: createClient(service, transport),
    async answer(call) {
      try {
        return await call;
      } catch (cause) {
        throw await peerError(cause, { service: nameOf(peer), url: target, option: peer.option, listener: "grpc" });
      }
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

/** Returns the name of a service, for example "ops-service". */
export const nameOf = ({ prefix }: Peer): string => prefix.toLowerCase().replace("_", "-");
