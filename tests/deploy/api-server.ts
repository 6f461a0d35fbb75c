import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "./free-ports.ts";

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  /** Texts of the Warning headers: what the API server accepts but advises against. */
  readonly warnings: readonly string[];
  readonly body: Record<string, unknown>;
}

/** A separate Kubernetes API server on an empty etcd, both on the loopback. */
export interface ApiServer extends AsyncDisposable {
  /** Sends one request as a member of system:masters. `contentType` is the kind of a PATCH. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
}

const START_MS = 60_000;

/**
 * Starts both programs and waits until the API server is ready.
 * @throws Error with the last lines of the API server's log
 */
export async function startApiServer(apiServer: string, etcd: string): Promise<ApiServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-cluster-"));
  await using started = new AsyncDisposableStack();
  started.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [client, peer, secure] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${client}`;
  started.use(
    startProgram(etcd, {
      "data-dir": path.join(folder, "etcd"),
      "listen-client-urls": etcdUrl,
      "advertise-client-urls": etcdUrl,
      "listen-peer-urls": `http://127.0.0.1:${peer}`,
      "log-level": "error",
    }),
  );
  const token = randomBytes(24).toString("hex");
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const program = startProgram(apiServer, {
    "etcd-servers": etcdUrl,
    "bind-address": "127.0.0.1",
    "secure-port": String(secure),
    "cert-dir": folder,
    "token-auth-file": file("tokens.csv", `${token},admin,admin,"system:masters"\n`),
    "authorization-mode": "RBAC",
    "service-account-issuer": "https://127.0.0.1/",
    "service-account-key-file": file("accounts.pub", keys.publicKey),
    "service-account-signing-key-file": file("accounts.key", keys.privateKey),
    "service-cluster-ip-range": "10.0.0.0/24",
  });
  started.use(program);
  const certificate = path.join(folder, "apiserver.crt");
  const request: ApiServer["request"] = (method, url, body, contentType = "application/json") =>
    send({ port: Number(secure), ca: readFileSync(certificate), token, method, url, body, contentType });
  const isReady = async (): Promise<boolean> =>
    existsSync(certificate) && (await request("GET", "/readyz").catch(() => undefined))?.status === 200;
  for (const until = Date.now() + START_MS; !(await isReady()); await delay(100)) {
    if (program.ended() || Date.now() > until) throw new Error(`kube-apiserver is not ready: ${program.lastLines()}`);
  }
  const running = started.move();
  return { request, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface Program extends AsyncDisposable {
  ended(): boolean;
  lastLines(): string;
}

function startProgram(command: string, flags: Readonly<Record<string, string>>): Program {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let lines: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lines = [...lines, ...text.trim().split("\n")].slice(-10);
  });
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    ended,
    lastLines: () => lines.join("\n"),
    async [Symbol.asyncDispose]() {
      if (ended()) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      // An API server waits up to a minute for its watchers. No watcher is left here.
      const overdue = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(overdue);
    },
  };
}

interface Sent {
  readonly port: number;
  readonly ca: Buffer;
  readonly token: string;
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
  readonly contentType: string;
}

function send({ port, ca, token, method, url, body, contentType }: Sent): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json", "content-type": contentType };
  return new Promise((resolve, reject) => {
    const request = https.request({ host: "127.0.0.1", port, path: url, method, ca, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const json = String(response.headers["content-type"]).startsWith("application/json");
        resolve({
          status: response.statusCode ?? 0,
          warnings: warningsOf(response.headers.warning),
          body: json ? JSON.parse(text) : { text },
        });
      });
    });
    request.on("error", reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Returns the texts of a Warning header, `299 - "text"` (RFC 7234, section 5.5). */
function warningsOf(header: string | undefined): string[] {
  return [...(header ?? "").matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
}
