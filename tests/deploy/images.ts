// `node tests/deploy/images.ts`: carries out the steps of both Dockerfiles in a scratch folder. It starts the
// three services from the result, with the environment, TLS and tokens of the production overlay, and runs a
// week on them. It needs npm's registry, openssl, redis-server, and kustomize, kubectl or Go.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { askServices } from "./ask-services.ts";
import { carryOut } from "./carry-out.ts";
import { freePorts } from "./free-ports.ts";
import { findProgram } from "./go-tool.ts";
import { makeClaim, type PodProcess, startPod } from "./pod-process.ts";
import { runReadmeBlock } from "./readme-commands.ts";
import { findRenderer, ROOT, render } from "./render.ts";
import { servicesOf } from "./workload.ts";

const redisServer = findProgram("redis-server");
if (!redisServer) {
  console.log("SKIPPED images: redis-server is not on this machine");
  process.exit(process.env.CI === "true" ? 1 : 0);
}

await using stack = new AsyncDisposableStack();
const scratch = mkdtempSync(path.join(os.tmpdir(), "bellwether-images-"));
chmodSync(scratch, 0o755);
stack.defer(() => rmSync(scratch, { recursive: true, force: true }));
const within = (name: string): string => path.join(scratch, name);

const images = {
  ml: timed("deploy/Dockerfile.ml", () => carryOut(path.join(ROOT, "deploy/Dockerfile.ml"), ROOT, within("ml"))),
  ops: timed("deploy/Dockerfile.ops", () => carryOut(path.join(ROOT, "deploy/Dockerfile.ops"), ROOT, within("ops"))),
};

const bellwether = (...args: string[]): void => {
  const env = { ...process.env, MODEL_REGISTRY_URL: `file:${within("registry")}` };
  execFileSync(process.execPath, [path.join(ROOT, "services/cli/bellwether.js"), ...args], {
    cwd: ROOT,
    env,
    stdio: "pipe",
  });
};
timed("a first model", () => {
  bellwether("demo", "--output", within("demo"));
  bellwether("train", "--data", within("demo"), "--publish");
});
makeClaim(within("claims/models"), within("registry"));
makeClaim(within("claims/weekly-input"), within("demo"));
makeClaim(within("claims/scheduler-data"));

// Makes the keys, tokens and certificates with the commands that deploy/README.md gives the operator.
const work = within("work");
const keys = path.join(work, "deploy/secrets");
mkdirSync(keys, { recursive: true });
const npx = `npx() { shift; ${process.execPath} ${path.join(ROOT, "services/cli/bellwether.js")} "$@"; }; USER=operator`;
runReadmeBlock("bellwether auth keys", work, npx);
runReadmeBlock("openssl req -x509", keys, "kubectl() { true; }");
const file = (name: string): string => readFileSync(path.join(keys, name), "utf8");

const cluster = stack.use(await startPostgresCluster());
const password = randomBytes(16).toString("hex");
const [redisPort = 0] = await freePorts(1);
const redis = spawn(redisServer, ["--port", String(redisPort), "--save", "", "--requirepass", password], {
  stdio: "ignore",
});
stack.defer(async () => {
  const ended = once(redis, "exit");
  redis.kill("SIGTERM");
  await ended;
});
const secrets = {
  "bellwether-auth": { "jwks.json": file("jwks.json") },
  "bellwether-tokens": {
    "ml-service": file("ml-service.token"),
    "ops-service": file("ops-service.token"),
    "scheduler-service": file("scheduler-service.token"),
  },
  "bellwether-database": { url: await cluster.createDatabase() },
  "bellwether-redis": { url: `redis://:${password}@127.0.0.1:${redisPort}` },
  "bellwether-sign-in": { "session-key": randomBytes(32).toString("hex"), "oidc-client-secret": "secret" },
  "bellwether-tls": { "tls.crt": file("tls.crt"), "tls.key": file("tls.key"), "ca.crt": file("ca.crt") },
};

const manifests = render(await findRenderer(), "deploy/overlays/production");
const deployments = servicesOf(manifests);
const listeners = deployments.flatMap(({ spec }) => spec.template.spec.containers.flatMap(({ ports }) => ports));
const free = await freePorts(listeners.length);
const ports = new Map(listeners.map(({ containerPort }, i) => [containerPort, free[i] ?? 0]));
const pods = new Map<string, PodProcess>();
for (const deployment of deployments) {
  const image = deployment.spec.template.spec.containers[0]?.image.includes("/ml:") ? images.ml : images.ops;
  const around = { manifests, secrets, ports, claims: within("claims"), scratch: within("pods") };
  const pod = stack.use(await startPod(deployment, image, around));
  pods.set(pod.name, pod);
}

const findings = await askServices(pods, {
  ca: file("ca.crt"),
  cert: file("tls.crt"),
  key: file("tls.key"),
  token: file("admin.token").trim(),
});
for (const [name, pod] of [...pods].reverse()) {
  const code = await pod.stop();
  findings.push({ claim: `${name} ends with exit code 0 on SIGTERM`, holds: code === 0 });
}
for (const { claim, holds } of findings) console.log(`${holds ? "ok    " : "FAILED"} ${claim}`);
const failed = findings.filter(({ holds }) => !holds).length;
console.log(`${findings.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function timed<T>(name: string, work: () => T): T {
  const started = performance.now();
  const result = work();
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return result;
}
