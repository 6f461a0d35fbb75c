// `node docs/decisions/0007-reproduction.mjs`: asks connect-node to reject an HTTP/1.1 request whose body does not
// arrive, and prints when the answer came. Run it on each new release of @connectrpc/connect-node.
//
// 2.2.0: the answer comes at once. 2.3.0: the answer does not come while the client keeps the connection open.
import http from "node:http";
import net from "node:net";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";

const WAIT_MS = 5_000;

const server = http.createServer((_request, response) => {
  const body = (async function* () {
    yield new TextEncoder().encode("too large\n");
  })();
  universalResponseToNodeResponse({ status: 429, header: new Headers(), body }, response).catch(() => {});
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const started = performance.now();
const socket = net.connect(server.address().port, "127.0.0.1");
socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n");
const answer = await Promise.race([
  new Promise((resolve) => socket.once("data", resolve)),
  new Promise((resolve) => setTimeout(resolve, WAIT_MS)),
]);
const ms = Math.round(performance.now() - started);
console.log(answer ? `answered after ${ms} ms: ${String(answer).split("\r\n")[0]}` : `no answer within ${WAIT_MS} ms`);
socket.destroy();
server.closeAllConnections();
server.close();
process.exitCode = answer ? 0 : 1;
