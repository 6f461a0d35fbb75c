import type { Socket } from "node:net";
import type { PeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";
import type { Peer } from "./call.ts";

const UNKNOWN: Peer = { address: "", certificateNames: [] };

/** The open connections of a door, to find a call's peer by the remote address and port that its engine names. */
export interface PeerTable {
  add(socket: Socket): void;
  find(remoteAddress: string | undefined, remotePort: number | undefined): Peer;
}

/**
 * The certificate is parsed once per connection: asking grpc-js costs 90 µs a call. An entry lives as long as its socket, so a
 * later connection from the same port never inherits a name.
 */
export function createPeerTable(): PeerTable {
  const peers = new Map<string, Peer>();
  return {
    add(socket) {
      const key = keyOf(socket.remoteAddress, socket.remotePort);
      const peer = peerOfSocket(socket);
      peers.set(key, peer);
      socket.once("close", () => {
        if (peers.get(key) === peer) peers.delete(key);
      });
    },
    find: (remoteAddress, remotePort) => peers.get(keyOf(remoteAddress, remotePort)) ?? UNKNOWN,
  };
}

const known = new WeakMap<Socket, Peer>();

/** The peer at the other end of one socket; its certificate is parsed once. */
export function peerOfSocket(socket: Socket): Peer {
  const peer = known.get(socket) ?? readPeer(socket);
  known.set(socket, peer);
  return peer;
}

function readPeer(socket: Socket): Peer {
  const address = socket.remoteAddress ?? "";
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { address, certificateNames: [] };
  return { address, certificateNames: certificateNames(socket.getPeerCertificate()) };
}

function keyOf(address: string | undefined, port: number | undefined): string {
  return `${address}|${port}`;
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
