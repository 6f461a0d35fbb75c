import net from "node:net";
import tls from "node:tls";

/** What answers at a port. */
export type PortKind =
  /** HTTP/2 in clear text: the gRPC listener. */
  | "grpc"
  /** HTTP/1.1 in clear text: the web or the admin listener. */
  | "http"
  /** TLS. */
  | "tls"
  /** Nothing listens there, or it does not answer. */
  | "silent"
  | "unknown";

/** Time limit of one attempt. */
const PROBE_MS = 2_000;
/** The HTTP/2 connection preface and an empty SETTINGS frame. */
const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** Error code of a GOAWAY frame: the peer speaks HTTP/1.1 only in clear text. */
const HTTP_1_1_REQUIRED = 0xd;

/**
 * Finds out what listens at an address, after a call has failed: sends the first bytes of HTTP/2, then of TLS. No token
 * and no request is sent. Never rejects.
 */
export async function probePort(host: string, port: number): Promise<PortKind> {
  const first = await firstBytes(host, port);
  if (first === undefined) return "silent";
  // A frame of HTTP/2: three bytes of length, then its type. SETTINGS is 4, GOAWAY is 7.
  if (first.length >= 9 && first[3] === 4) return isHttp1Only(first) ? "http" : "grpc";
  if (first.subarray(0, 5).toString("latin1") === "HTTP/") return "http";
  return (await speaksTls(host, port)) ? "tls" : first.length === 0 ? "silent" : "unknown";
}

/** Returns what a server sends after the preface of HTTP/2; undefined: no connection. */
function firstBytes(host: string, port: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let isConnected = false;
    const socket = net.connect({ host, port, timeout: PROBE_MS });
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isConnected ? Buffer.concat(chunks) : undefined);
    };
    const timer = setTimeout(done, PROBE_MS);
    socket.on("connect", () => {
      isConnected = true;
      socket.write(PREFACE);
    });
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      // A listener of HTTP/1.1 sends SETTINGS and GOAWAY together.
      if (Buffer.concat(chunks).length >= 9) setImmediate(done);
    });
    socket.on("error", done).on("close", done).on("timeout", done);
  });
}

/** Whether the frames contain a GOAWAY with the code HTTP_1_1_REQUIRED. */
function isHttp1Only(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    if (bytes[at + 3] === 7 && at + 17 <= bytes.length) return bytes.readUInt32BE(at + 13) === HTTP_1_1_REQUIRED;
    at += 9 + length;
  }
  return false;
}

function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // The certificate is not verified, because nothing is sent.
    const socket = tls.connect({ host, port, rejectUnauthorized: false, timeout: PROBE_MS });
    const done = (isTls: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isTls);
    };
    const timer = setTimeout(done, PROBE_MS, false);
    socket.on("secureConnect", () => done(true));
    // A server that requires a client certificate has answered in TLS too.
    socket.on("error", (error: NodeJS.ErrnoException) => done(/alert|certificate required/i.test(error.message)));
    socket.on("close", () => done(false));
  });
}
