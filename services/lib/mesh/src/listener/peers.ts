import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { PeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";
import type { Peer } from "../call/call.ts";

const UNKNOWN: Peer = { address: "", certificateNames: [] };

const known = new WeakMap<Socket, Peer>();

/** The peer at the other end of one socket; its certificate is parsed once. */
export function peerOfSocket(socket: Socket): Peer {
  const peer = known.get(socket) ?? readPeer(socket);
  known.set(socket, peer);
  return peer;
}

const peers = new WeakMap<Http2Session, Peer>();

/** Reads the peer of a new HTTP/2 connection: its certificate is parsed once, and its socket may be gone when a call asks. */
export function rememberPeer(session: Http2Session): void {
  // A session that was destroyed before has no socket, and throws when it is asked for one.
  if (!session.destroyed) peers.set(session, readPeer(session.socket));
}

/** The peer that was remembered. */
export function peerOfSession(session: Http2Session | undefined): Peer {
  return (session && peers.get(session)) ?? UNKNOWN;
}

/** The peers that calls on an HTTP/2 connection have, at any listener: each the same object for all calls of the connection. */
export function peersOfConnection(session: Http2Session): readonly Peer[] {
  if (session.destroyed) return [];
  return [peers.get(session), known.get(session.socket)].filter((peer) => peer !== undefined);
}

function readPeer(socket: Socket): Peer {
  const address = socket.remoteAddress ?? "";
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { address, certificateNames: [] };
  return { address, certificateNames: certificateNames(socket.getPeerCertificate()) };
}

/** Common name, then DNS and URI alternatives, of a verified certificate. */
function certificateNames(certificate: PeerCertificate): string[] {
  const commonName = certificate.subject?.CN;
  const names = (Array.isArray(commonName) ? commonName : [commonName]).filter((name) => name !== undefined);
  // Within a name Node writes a comma as \u002c: split here, no name brings others along.
  for (const part of (certificate.subjectaltname ?? "").split(", ")) {
    const [kind, ...rest] = part.split(":");
    if (kind === "DNS" || kind === "URI") names.push(rest.join(":"));
  }
  return [...new Set(names)];
}
