import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type EchoServer, echoClient, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { oneAtATime } from "./pipelined-requests.ts";

function requestText(id: string, delay?: string): string {
  const body = JSON.stringify({ id, ...(delay !== undefined && { behavior: { delay } }) });
  const head = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  return `POST /bellwether.echo.v1.EchoService/Echo HTTP/1.1\r\n${head}\r\n\r\n${body}`;
}

/** Sends bytes on a new connection and returns a function that returns the ids of the answers so far. */
function send(echo: EchoServer, bytes: string): { readonly socket: net.Socket; readonly ids: () => string[] } {
  const socket = net.connect(echo.server.addresses.web.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.write(bytes);
  return { socket, ids: () => [...received.matchAll(/"request":\{"id":"(\w+)"/g)].map(([, id = ""]) => id) };
}

it("requests that are sent at once on one connection are all answered, in order", async () => {
  await using echo = await startEcho();
  const names = Array.from({ length: 2_000 }, (_, i) => `r${i}`);
  const { ids } = send(echo, names.map((name) => requestText(name)).join(""));
  await until(() => ids().length === names.length, "all answers");
  expect(ids()).toEqual(names);
});

it("a request starts only when the one before it on its connection has been answered", async () => {
  let running = 0;
  let most = 0;
  let answered = 0;
  const answer = oneAtATime((_, response) => {
    most = Math.max(most, ++running);
    setImmediate(() => {
      running--;
      answered++;
      response.end("x");
    });
  });
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  const socket = net.connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1").resume();
  onTestFinished(() => void socket.destroy());
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2_000));
  await until(() => answered === 2_000, "all answers");
  expect(most).toBe(1);
});

it("a body that arrives in parts behind a slow request is read to its end", async () => {
  await using echo = await startEcho();
  const second = requestText("second");
  const { socket, ids } = send(echo, requestText("first", "0.1s") + second.slice(0, -5));
  await until(() => ids().length === 1, "the first answer");
  socket.write(second.slice(-5) + requestText("third"));
  await until(() => ids().length === 3, "all answers");
  expect(ids()).toEqual(["first", "second", "third"]);
});

it("many requests on some connections do not delay a request on a new connection to their end", async () => {
  await using echo = await startEcho();
  const total = 400;
  const floods = Array.from({ length: 10 }, () =>
    send(echo, Array.from({ length: total }, (_, i) => requestText(`r${i}`)).join("")),
  );
  await Promise.all(floods.map(({ socket }) => once(socket, "connect")));
  const client = echoClient(createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "1.1" }));
  await client.echo({ id: "new" });
  const answered = floods.reduce((sum, { ids }) => sum + ids().length, 0);
  expect(answered).toBeLessThan(floods.length * total);
  await until(() => floods.every(({ ids }) => ids().length === total), "all answers");
});
