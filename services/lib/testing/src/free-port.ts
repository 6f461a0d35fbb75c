import { once } from "node:events";
import net from "node:net";

/** Returns a free port, for servers that do not report their port when they are started with port 0. */
export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}
