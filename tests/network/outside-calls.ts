import { readFileSync } from "node:fs";

/** Files that the telemetry of ONNX Runtime opens. */
const TELEMETRY_FILES = /"(\/etc\/machine-id|[^"]*mat-debug[^"]*|[^"]*\.onnxruntime[^"]*)"/;
/** A call to a name server, also on this machine, or to the sockets of systemd's resolver. */
const NAME_SERVER = /htons\(53\)|\/run\/systemd\/resolve/;
/** An address in a system call, as strace prints it. */
const ADDRESS = /sa_family=(AF_INET6?), .*?inet_(?:addr\("([^"]+)"\)|pton\(AF_INET6, "([^"]+)")/;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Returns the system calls of a trace (`strace -f -e trace=%network,openat`) that reach beyond the machine:
 * an address outside the loopback, a name server, or a file of the runtime's telemetry. Sockets that are only
 * created or that listen do not count. Neither does the list of name servers, which Node reads when it loads
 * its resolver.
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
