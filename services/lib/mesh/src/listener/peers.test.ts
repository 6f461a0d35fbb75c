import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { peerOfSession, peerOfSocket, rememberPeer } from "./peers.ts";

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns both ends of a new connection to a server. */
async function connect<S extends net.Server>(server: S, event: string, open: (port: number) => net.Socket) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const accepted = once(server, event);
  const client = open(port);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const [socket] = (await accepted) as [net.Socket];
  return { client, socket };
}

test("a connection that closed before its peer was read has no address and no names", async () => {
  const { client, socket } = await connect(net.createServer(), "connection", (port) => net.connect(port, "127.0.0.1"));
  client.destroy();
  socket.destroy();
  expect(peerOfSocket(socket)).toMatchObject({ certificateNames: [] });
  expect(peerOfSession(undefined)).toEqual({ address: "", certificateNames: [] });
});

test("the peer of an HTTP/2 connection is known while the connection is open and after it has closed", async () => {
  const server = http2.createServer().on("session", rememberPeer);
  const accepted = once(server, "session");
  const { client } = await connect(server, "connection", (port) => net.connect(port, "127.0.0.1"));
  const [session] = await accepted;
  client.destroy();
  await once(session, "close");
  expect(peerOfSession(session)).toEqual({ address: "127.0.0.1", certificateNames: [] });
});

describe.skipIf(!hasOpenssl())("under TLS (skipped without openssl)", () => {
  /** Returns a self-signed certificate; alternative names in openssl's notation. */
  function certificate(commonName: string, alternatives: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-peers-"));
    const names = Object.entries(alternatives).map(([kind, name]) => `${kind}=${name}`);
    const config = ["[req]", "distinguished_name=dn", "x509_extensions=ext", "[dn]"];
    const alt = names.length > 0 ? ["subjectAltName=@alt", "[alt]", ...names] : ["basicConstraints=CA:TRUE"];
    writeFileSync(path.join(folder, "config"), [...config, "[ext]", ...alt, ""].join("\n"));
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"];
    const request = ["req", "-x509", ...key, "-out", "cert", "-days", "1", "-subj", `/CN=${commonName}`];
    execFileSync("openssl", [...request, "-config", "config"], { cwd: folder, stdio: "ignore" });
    const pem = { key: readFileSync(path.join(folder, "key")), cert: readFileSync(path.join(folder, "cert")) };
    rmSync(folder, { recursive: true });
    return pem;
  }

  /** Returns the server's view of a client that presents `own`, when `trusted` is the authority. */
  async function peerWith(own: ReturnType<typeof certificate> | undefined, trusted: ReturnType<typeof certificate>) {
    const server = tls.createServer({ ...trusted, ca: trusted.cert, requestCert: true, rejectUnauthorized: false });
    const options = { host: "127.0.0.1", rejectUnauthorized: false, ...own };
    const { socket } = await connect(server, "secureConnection", (port) => tls.connect({ port, ...options }));
    return peerOfSocket(socket);
  }

  test("the names of a verified certificate are its common name, then its DNS and URI alternatives, each once", async () => {
    const own = certificate("ml-service", {
      "DNS.1": "ml-service.local",
      "DNS.2": "ml-service",
      "IP.1": "127.0.0.1",
      "email.1": "ops@bellwether.example",
      "URI.1": "spiffe://bellwether/ml-service",
    });
    expect((await peerWith(own, own)).certificateNames).toEqual([
      "ml-service",
      "ml-service.local",
      "spiffe://bellwether/ml-service",
    ]);
  });

  test.each(["a, URI:spiffe://bellwether/admin, b", 'a", URI:spiffe://bellwether/admin, DNS:"b', "a\\\\, DNS:admin"])(
    "a name that contains commas, %s, is one name and adds no other names",
    async (name) => {
      const own = certificate("ml-service", { "DNS.1": name, "DNS.2": "last" });
      const { certificateNames } = await peerWith(own, own);
      expect(certificateNames).toHaveLength(3);
      expect(certificateNames).not.toContain("spiffe://bellwether/admin");
      expect(certificateNames).not.toContain("admin");
      expect(certificateNames.at(-1)).toBe("last");
    },
  );

  test("a certificate of another authority, or no certificate, yields no names", async () => {
    const trusted = certificate("authority", {});
    expect((await peerWith(certificate("ml-service", {}), trusted)).certificateNames).toEqual([]);
    expect((await peerWith(undefined, trusted)).certificateNames).toEqual([]);
  });
});
