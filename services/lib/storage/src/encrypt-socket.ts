import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

/** What `sslmode` of a PostgreSQL URL asks for. */
export type Encryption = "none" | "if-possible" | "required" | "verified";

/** The request for TLS, PostgreSQL's protocol 3.0 "SSLRequest": its length and its code. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const YES = "S".charCodeAt(0);

/** Reads `sslmode` or `ssl` of a URL as postgres.js does: require encrypts without a look at the certificate, verify-full verifies it. */
export function encryptionOf({ searchParams }: URL): Encryption {
  const mode = searchParams.get("sslmode") ?? searchParams.get("ssl") ?? "disable";
  if (mode === "disable" || mode === "false") return "none";
  if (mode === "prefer") return "if-possible";
  return mode === "require" || mode === "allow" ? "required" : "verified";
}

/** Encrypts a connection to PostgreSQL that nothing was written to. @throws Error when the server has no TLS or its certificate is not right */
export async function encryptSocket(socket: net.Socket, host: string, encryption: Encryption): Promise<net.Socket> {
  if (encryption === "none") return socket;
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, "data")) as [Buffer];
  // More than one byte would be somebody's who wants to be taken for the encrypted server.
  if (answer.length !== 1 || answer[0] !== YES) {
    if (answer.length === 1 && encryption === "if-possible") return socket;
    socket.destroy();
    throw new Error("the server offers no TLS, which sslmode asks for");
  }
  const rejectUnauthorized = encryption === "verified";
  const secure = tls.connect({ socket, host, rejectUnauthorized, ...(net.isIP(host) === 0 && { servername: host }) });
  await once(secure, "secureConnect");
  return secure;
}
