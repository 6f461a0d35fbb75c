import { readFileSync } from "node:fs";

/** Files of the runtime's telemetry. */
const TELEMETRY_FILES = /"(\/etc\/machine-id|[^"]*mat-debug[^"]*|[^"]*\.onnxruntime[^"]*)"/;
/** A name server, also one on this machine, and the sockets of those that answer for it. */
const NAME_SERVER = /htons\(53\)|\/run\/systemd\/resolve/;
/** An address in a system call, as strace prints it. */
const ADDRESS = /sa_family=(AF_INET6?), .*?inet_(?:addr\("([^"]+)"\)|pton\(AF_INET6, "([^"]+)")/;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * The system calls of a trace (`strace -f -e trace=%network,openat`) that reach beyond the machine: an address that is not of the
 * loopback, a name server, or a file of the runtime's telemetry. Sockets that are only made or that listen are none; nor is the list
 * of name servers, which Node reads when its resolver is loaded.
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
