import dns from "node:dns";
import { once } from "node:events";
import net, { type LookupFunction } from "node:net";
import tls from "node:tls";
import { type AddressKind, addressKind } from "./address-kind.ts";

/** The host name of the receiver resolves to an address to which no notice may be sent. */
export class AddressRejectedError extends Error {
  override readonly name = "AddressRejectedError" as const;
}

/** Host and port of a receiver, and where they may lead. */
export interface Target {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether the address may be private. Special addresses are never allowed. */
  readonly allowPrivate: boolean;
  /** The setting that allows private addresses, for messages. */
  readonly setting: string;
}

/** Resolves a name to all its addresses, as dns.lookup does. */
export type ResolveAll = (
  name: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

/** How connections are opened. */
export interface ConnectionOptions {
  /** Default: the system's resolver. */
  readonly lookup?: ResolveAll;
  /** PEM texts of further certificate authorities. Default: those of Node.js (NODE_EXTRA_CA_CERTS adds to them). */
  readonly ca?: readonly string[];
}

/** Time for one of several addresses of a name, before the next one is tried too. */
const NEXT_ADDRESS_MS = 2_000;

/**
 * Opens a TCP connection to a receiver. The name is resolved here, once, and only an address that was checked is
 * connected to: a name whose address changes between a check and the connection (DNS rebinding) has no effect.
 * @throws AddressRejectedError before anything is sent; errors of the system; the signal's reason
 */
export async function openConnection(
  target: Target,
  signal: AbortSignal,
  { lookup = dns.lookup }: ConnectionOptions,
): Promise<net.Socket> {
  const { host, port } = target;
  const isAllowed = (address: string): boolean => isAllowedKind(addressKind(address), target);
  // net.connect does not look up an IP address.
  if (net.isIP(host) !== 0 && !isAllowed(host)) throw rejected(target, host);
  const lookUpAllowed: LookupFunction = (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const allowed = addresses.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      const [other] = addresses;
      if (first) return options.all ? callback(null, allowed) : callback(null, first.address, first.family);
      // Node.js does not expect an empty list: an error in its own code would end the process.
      callback(other ? rejected(target, other.address) : noAddress(name), []);
    });
  // The signal is that of the connecting only: its end must not close a connection that is in use.
  const socket = net.connect({
    ...{ host, port, lookup: lookUpAllowed, noDelay: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS },
  });
  try {
    await once(socket, "connect", { signal });
    const address = socket.remoteAddress ?? "";
    if (!isAllowed(address)) throw rejected(target, address);
    return socket;
  } catch (error) {
    destroyQuietly(socket);
    throw error;
  }
}

/**
 * Encrypts a connection. The certificate must be valid for the host.
 * @throws errors of TLS, with their code; the signal's reason
 */
export async function encryptConnection(
  socket: net.Socket,
  { host }: Pick<Target, "host">,
  signal: AbortSignal,
  options: ConnectionOptions,
): Promise<tls.TLSSocket> {
  const secured = tls.connect({
    ...{ socket, host },
    ...(net.isIP(host) === 0 && { servername: host }),
    ...tlsAuthorities(options),
  });
  try {
    await once(secured, "secureConnect", { signal });
    return secured;
  } catch (error) {
    destroyQuietly(secured);
    destroyQuietly(socket);
    throw error;
  }
}

/** Returns the option of node:tls for further authorities. `ca` alone would replace the usual ones. */
export function tlsAuthorities({ ca }: ConnectionOptions): { ca?: string[] } {
  return ca === undefined ? {} : { ca: [...tls.getCACertificates("default"), ...ca] };
}

/** Closes a socket at once. Errors that it still has do not matter. */
export function destroyQuietly(socket: net.Socket): void {
  socket.on("error", () => {});
  socket.destroy();
}

function isAllowedKind(kind: AddressKind, { allowPrivate }: Target): boolean {
  return kind === "public" || (kind === "private" && allowPrivate);
}

const noAddress = (name: string): Error => Object.assign(new Error(`no address of ${name}`), { code: "ENOTFOUND" });

function rejected({ host, allowPrivate, setting }: Target, address: string): AddressRejectedError {
  const named = host === address ? host : `${host} (${address})`;
  return new AddressRejectedError(
    addressKind(address) === "private" && !allowPrivate
      ? `${named} is in a private network: set ${setting}, or use a public address`
      : `${named} is not an address of a receiver: link-local, multicast and reserved addresses are never allowed`,
  );
}
