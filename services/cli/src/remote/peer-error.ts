import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { Code, ConnectError } from "@connectrpc/connect";
import { UsageError } from "../errors/usage-error.ts";
import { printable } from "../output/printable.ts";
import { inCommandWords } from "./command-words.ts";
import { type PortKind, probePort } from "./probe-port.ts";

/** The listener of a service that a command calls. */
export interface CalledPeer {
  /** For example "ops-service". */
  readonly service: string;
  readonly url: string;
  /** Option that names another address, for example "--ops". */
  readonly option: string;
  /** Which listener the command needs. */
  readonly listener: "grpc" | "web";
}

/** What to do without a credential, or with one that is not accepted. */
export const CREDENTIAL_HINT =
  "set BELLWETHER_TOKEN_FILE to a file with a token or an API key (or BELLWETHER_TOKEN to the text itself); bellwether auth token --subject NAME --role viewer makes a token where the services use the project's own keys";

/**
 * Returns the error of a call for the person who called the command: in the words of the commands, with the way out. A
 * peer that does not answer is looked at, because a wrong port is the usual reason.
 */
export async function peerError(cause: unknown, peer: CalledPeer): Promise<Error> {
  const error = ConnectError.from(cause);
  const message = inCommandWords(printable(error.rawMessage));
  switch (error.code) {
    case Code.InvalidArgument:
      return new UsageError(message, { cause });
    case Code.Unauthenticated:
      return new Error(`${peer.service} at ${peer.url}: ${message}: ${CREDENTIAL_HINT}`, { cause });
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return new Error(await unreachable(error, message, peer), { cause });
    default:
      return new Error(message, { cause });
  }
}

const NO_CONNECTION = /No connection established/;

async function unreachable(error: ConnectError, message: string, peer: CalledPeer): Promise<string> {
  const wrong = await wrongPort(peer);
  if (wrong !== undefined) return wrong;
  if (error.code === Code.DeadlineExceeded)
    return `${peer.service} at ${peer.url} did not answer in time; try again, or look at its log`;
  // Without a connection, the message is a list of attempts of the client, which does not help.
  const why = NO_CONNECTION.test(message) ? "" : ` (${message})`;
  return `${peer.service} does not answer at ${peer.url}${why}; npx bellwether start starts it, ${peer.option} URL names another address`;
}

/** Returns what is wrong with the address of a peer; undefined: nothing that can be seen from here. */
export async function wrongPort({ service, url, option, listener }: CalledPeer): Promise<string | undefined> {
  if (!/^https?:/.test(url) || !URL.canParse(url)) return;
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "https:";
  const number = Number(port) || (isTls ? 443 : 80);
  const kind: PortKind = await probePort(hostname.replace(/^\[|\]$/g, ""), number);
  if (kind === "tls" && !isTls)
    return `${url} speaks TLS: give ${option} https://${hostname}:${number}, with BELLWETHER_TLS_CA naming the authority of its certificate`;
  if (isTls && (kind === "grpc" || kind === "http"))
    return `${url} does not speak TLS: give ${option} http://${hostname}:${number}`;
  const ports = Object.values(DEFAULT_PORTS);
  if (listener === "grpc" && kind === "http") {
    const own = ports.find(({ web, admin }) => web === number || admin === number)?.grpc;
    return `${url} is the web or the admin port of a service, and this command needs the gRPC port of ${service}: ${advised(option, hostname, own)}`;
  }
  if (listener === "web" && kind === "grpc") {
    const own = ports.find(({ grpc }) => grpc === number)?.web;
    return `${url} is the gRPC port of a service, and this command needs the web port of ${service}: ${advised(option, hostname, own)}`;
  }
}

const advised = (option: string, hostname: string, port: number | undefined): string =>
  port === undefined
    ? `give ${option} URL with that port; npx bellwether start prints the ports`
    : `give ${option} http://${hostname}:${port} (the default), or the port that npx bellwether start prints`;
