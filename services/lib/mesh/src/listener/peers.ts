import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { PeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";
import type { Peer } from "../call/call.ts";

const UNKNOWN: Peer = { address: "", certificateNames: [] };

const known = new WeakMap<Socket, Peer>();

/** Returns the peer at the other end of a socket; its certificate is parsed once. */
export function peerOfSocket(socket: Socket): Peer {
  const peer = known.get(socket) ?? readPeer(socket);
  known.set(socket, peer);
  return peer;
}

const peers = new WeakMap<Http2Session, Peer>();

/**
 * Reads the peer of a new HTTP/2 connection at once: its certificate is parsed once, and its socket may be
 * closed when a call needs the peer.
 */
export function rememberPeer(session: Http2Session): void {
  // A session that is already destroyed has no socket, and throws when its socket is read.
  if (!session.destroyed) peers.set(session, readPeer(session.socket));
}

/** Returns the peer that `rememberPeer` has read. */
export function peerOfSession(session: Http2Session | undefined): Peer {
  return (session && peers.get(session)) ?? UNKNOWN;
}

/**
 * Returns the `Peer` objects of the calls on an HTTP/2 connection, for each kind of listener. All calls of
 * the connection share the same object.
 */
export function peersOfConnection(session: Http2Session): readonly Peer[] {
  if (session.destroyed) return [];
  return [peers.get(session), known.get(session.socket)].filter((peer) => peer !== undefined);
}

function readPeer(socket: Socket): Peer {
  const address = socket.remoteAddress ?? "";
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { address, certificateNames: [] };
  return { address, certificateNames: certificateNames(socket.getPeerCertificate()) };
}

/** Names in a verified certificate: common name, then DNS and URI alternatives. */
function certificateNames(certificate: PeerCertificate): string[] {
  const commonName = certificate.subject?.CN;
  const names = (Array.isArray(commonName) ? commonName : [commonName]).filter((name) => name !== undefined);
  // Node writes a comma inside a name as \u002c, so splitting at commas cannot turn one name into several.
  for (const part of (certificate.subjectaltname ?? "").split(", ")) {
    const [kind, ...rest] = part.split(":");
    if (kind === "DNS" || kind === "URI") names.push(rest.join(":"));
  }
  return [...new Set(names)];
}
