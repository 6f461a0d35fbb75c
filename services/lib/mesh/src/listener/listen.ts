import { once } from "node:events";
import net from "node:net";
import type tls from "node:tls";

/** The address of a listener. */
export interface Address {
  readonly host: string;
  /** TCP port. 0: any free port. */
  readonly port: number;
}

/** PEM texts of a server's TLS. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Certificate authority; when set, clients must present one of its certificates. */
  readonly ca?: string;
}

const NO_ADDRESS = "no address has this name: correct BELLWETHER_HOST, for example 127.0.0.1";
/** What to do, by the code of the system. */
const WAYS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process holds it: stop that one or choose another port (0 = any free one)",
  ENOTFOUND: NO_ADDRESS,
  EAI_AGAIN: NO_ADDRESS,
  EADDRNOTAVAIL: "this machine does not have the address: correct BELLWETHER_HOST, for example 127.0.0.1",
  EACCES: "this user may not listen on the port: choose one above 1023",
};

/** A port is taken, or the address does not belong to this machine. */
export class ListenError extends Error {
  override readonly name = "ListenError" as const;

  constructor(listener: string, { host, port }: Address, cause: unknown) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    super(`cannot listen on ${host}:${port} for ${listener}: ${WAYS[code] ?? code}`, { cause });
  }
}

/** Starts a server and returns the address on which it listens. @throws ListenError */
export async function listen(server: net.Server | tls.Server, listener: string, address: Address): Promise<Address> {
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, "listening");
  } catch (cause) {
    throw new ListenError(listener, address, cause);
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error(`${listener}: no TCP address`);
  return { host: bound.address, port: bound.port };
}

/** Returns an address as `host:port`, with brackets around an IPv6 address. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || (net.isIPv4(host) && host.startsWith("127."));
}
