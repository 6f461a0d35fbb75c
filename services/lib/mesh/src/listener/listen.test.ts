import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { addressText, isLoopback, ListenError, listen } from "./listen.ts";

test.each(["localhost", "127.0.0.1", "127.8.9.10", "::1"])("%s is a loopback address", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "127.example", "localhost.example", "128.0.0.1", ""])(
  '"%s" may be reached by others',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test.each([
  ["127.0.0.1", "127.0.0.1:80"],
  ["::1", "[::1]:80"],
  ["ops-service", "ops-service:80"],
])("the host %s at port 80 is written %s", (host, text) => {
  expect(addressText({ host, port: 80 })).toBe(text);
});

test("the chosen free port is returned; a taken port is an error that names the way out", async () => {
  const first = net.createServer();
  onTestFinished(() => void first.close());
  const address = await listen(first, "gRPC", { host: "127.0.0.1", port: 0 });
  expect(address.port).toBeGreaterThan(0);
  const taken = listen(net.createServer(), "web", address);
  await expect(taken).rejects.toThrow(ListenError);
  await expect(taken).rejects.toThrow(
    `cannot listen on 127.0.0.1:${address.port} for web: another process holds it: stop that one or choose another port (0 = any free one)`,
  );
});

test("the error for an address of another machine names the variable", async () => {
  await expect(listen(net.createServer(), "gRPC", { host: "192.0.2.1", port: 0 })).rejects.toThrow(
    "cannot listen on 192.0.2.1:0 for gRPC: this machine does not have the address: correct BELLWETHER_HOST",
  );
});

test("the error for a name without an address names the variable", async () => {
  await expect(listen(net.createServer(), "gRPC", { host: "banana.invalid", port: 0 })).rejects.toThrow(
    "cannot listen on banana.invalid:0 for gRPC: no address has this name: correct BELLWETHER_HOST",
  );
});
