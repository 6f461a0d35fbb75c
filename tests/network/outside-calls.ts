import { readFileSync } from "node:fs";

/** Files that the telemetry of ONNX Runtime opens. */
const TELEMETRY_FILES = /"(\/etc\/machine-id|[^"]*mat-debug[^"]*|[^"]*\.onnxruntime[^"]*)"/;
/** A call to a name server (port 53, on this machine too), or to the sockets of systemd's resolver. */
const NAME_SERVER = /htons\(53\)|\/run\/systemd\/resolve/;
/** An address in a system call, as strace prints it. */
const ADDRESS = /sa_family=(AF_INET6?), .*?inet_(?:addr\("([^"]+)"\)|pton\(AF_INET6, "([^"]+)")/;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Returns the lines of a trace (`strace -f -e trace=%network,openat`) that show a call to the outside: a call
 * to an address that is not loopback, a call to a name server, or the opening of a telemetry file of ONNX
 * Runtime. Creating a socket and listening on one are not calls to the outside. Opening `/etc/resolv.conf` is
 * not one either: Node reads that file when it loads its resolver.
 */
export function outsideCalls(traceFile: string): string[] {
  return readFileSync(traceFile, "utf8")
    .split("\n")
    .filter((line) => {
      if (/\bopenat\(/.test(line)) return TELEMETRY_FILES.test(line);
      if (!/\b(connect|sendto|sendmsg|sendmmsg)\(/.test(line)) return false;
      if (NAME_SERVER.test(line)) return true;
      const [, , v4, v6] = ADDRESS.exec(line) ?? [];
      const address = v4 ?? v6;
      return address !== undefined && !LOOPBACK.test(address);
    });
}
