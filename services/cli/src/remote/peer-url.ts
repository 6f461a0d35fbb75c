import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { env, readEnv } from "@bellwether/env/env";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";

/** A service that a command calls over gRPC. */
export interface Peer {
  /** Prefix of its environment variables. */
  readonly prefix: keyof typeof DEFAULT_PORTS;
  /** Command-line option that sets the URL of the peer. */
  readonly option: string;
}

export const ML_PEER: Peer = { prefix: "ML_SERVICE", option: "--ml" };
export const OPS_PEER: Peer = { prefix: "OPS_SERVICE", option: "--ops" };
export const SCHEDULER_PEER: Peer = { prefix: "SCHEDULER_SERVICE", option: "--scheduler" };

/** Returns the default of a peer's URL for the help text of an option. */
export const defaultUrlText = ({ prefix }: Peer): string =>
  `default: ${prefix}_URL; if not set, localhost with port ${prefix}_GRPC_PORT; if not set, port ${DEFAULT_PORTS[prefix].grpc}`;

/** HTTP URL of a running ml-service, for examples in help texts and errors. */
export const ML_EXAMPLE_URL = `http://localhost:${DEFAULT_PORTS.ML_SERVICE.web}`;

/**
 * Returns the URL of the gRPC listener of a service: from the option, else from its `_URL` variable, else
 * localhost and the port of its `_GRPC_PORT` variable, with https when BELLWETHER_TLS_CERT is set.
 * @throws EnvError, UsageError for port 0, with which a service listens on an unknown port, and for a URL with credentials, a path
 * or a query, which gRPC does not send
 */
export function peerUrl({ prefix, option }: Peer, given: string | undefined, context: CliContext): string {
  const named = given ?? context.env[`${prefix}_URL`];
  if (named) return grpcUrl(named, given === undefined ? `${prefix}_URL` : option);
  const variable = `${prefix}_GRPC_PORT`;
  const { port } = readEnv(context.env, { port: env.port(variable, DEFAULT_PORTS[prefix].grpc) });
  if (port === 0)
    throw new UsageError(
      `${variable} is 0 (any free port), so the port is not known: set it to the port of the running service, or give ${option} URL`,
    );
  return `${context.env.BELLWETHER_TLS_CERT ? "https" : "http"}://localhost:${port}`;
}

/** @param source option or variable of the URL. The error does not repeat the URL, which may have a secret. */
function grpcUrl(url: string, source: string): string {
  if (GRPC_TARGET.test(url)) return url;
  const { username, password, pathname, search, hash } = URL.canParse(url) ? new URL(url) : NO_URL;
  const example = "expected a URL such as http://localhost:9081";
  if (username !== "" || password !== "" || url.includes("@"))
    throw new UsageError(
      `${source}: credentials do not belong into the URL; set BELLWETHER_TOKEN_FILE to a file with a token or an API key; ${example}`,
    );
  if (/^https?:/i.test(url) && (search !== "" || hash !== "" || !/^\/?$/.test(pathname)))
    throw new UsageError(`${source}: a gRPC URL has no path and no query; ${example}`);
  return url;
}

/** Targets of grpc-js, which are not URLs. */
const GRPC_TARGET = /^(dns|ipv4|ipv6|unix):/;
const NO_URL = { username: "", password: "", pathname: "", search: "", hash: "" };
