import { readEnv } from "@bellwether/env/env";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { peerSettings, serverEnv } from "@bellwether/mesh/server/server-env";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { printable } from "../output/printable.ts";
import { type Peer, peerUrl } from "./peer-url.ts";

/** Access to one gRPC service of a running service. */
export interface PeerClient<S extends DescService> extends Disposable {
  readonly client: Client<S>;
  /** Awaits the answer of a call. @throws an error for a person, with the ConnectError as its cause */
  answer<T>(call: Promise<T>): Promise<T>;
}

/**
 * Opens a connection to a running service, with the token of BELLWETHER_TOKEN_FILE.
 * @param url from the option of the peer; undefined: from the environment
 */
export function openPeer<S extends DescService>(
  context: CliContext,
  peer: Peer,
  url: string | undefined,
  service: S,
): PeerClient<S> {
  const target = peerUrl(peer, url, context);
  const settings = peerSettings(readEnv(context.env, serverEnv(peer.prefix, { grpc: 0, web: 0, admin: 0 })));
  const transport = createMeshTransport({ url: target, ...settings });
  return {
    client: createClient(service, transport),
    async answer(call) {
      try {
        return await call;
      } catch (cause) {
        const error = ConnectError.from(cause);
        const message = printable(error.rawMessage);
        if (error.code === Code.InvalidArgument) throw new UsageError(message, { cause });
        if (error.code === Code.Unavailable)
          throw new Error(
            `${nameOf(peer)} does not answer at ${target} (${message}); npm start starts it, ${peer.option} URL names another address`,
            { cause },
          );
        throw new Error(message, { cause });
      }
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

/** Returns the name of a service, for example "ops-service". */
export const nameOf = ({ prefix }: Peer): string => prefix.toLowerCase().replace("_", "-");
