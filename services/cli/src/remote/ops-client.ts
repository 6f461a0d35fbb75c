import type { DescService } from "@bufbuild/protobuf";
import type { CliContext } from "../context/cli-context.ts";
import { openPeer, type PeerClient } from "./peer-client.ts";
import { OPS_PEER } from "./peer-url.ts";

/** Access to one gRPC service of ops-service. */
export type OpsClient<S extends DescService> = PeerClient<S>;

/**
 * Opens a connection to ops-service, with the token of BELLWETHER_TOKEN_FILE or BELLWETHER_TOKEN.
 * @param url from --ops; undefined: from the environment
 */
export function openOps<S extends DescService>(context: CliContext, url: string | undefined, service: S): OpsClient<S> {
  return openPeer(context, OPS_PEER, url, service);
}
