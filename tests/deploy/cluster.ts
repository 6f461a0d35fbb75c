// `npm run test:cluster`: applies the production overlay server-side to a real Kubernetes API server on etcd
// and reads it back. It takes the programs from KUBEBUILDER_ASSETS or PATH, or builds them from Go modules
// (minutes, the first time).
import { isDeepStrictEqual } from "node:util";
import { readCommandLine } from "../../scripts/command-line.ts";
import { startApiServer } from "./api-server.ts";
import { createClusterClient } from "./cluster-client.ts";
import { buildGoTool, NoGoError, provideGoTool } from "./go-tool.ts";
import { readSchema } from "./kubernetes-schema.ts";
import { liveDefinitions } from "./live-definitions.ts";
import type { Manifest } from "./manifest.ts";
import { render } from "./render.ts";
import { type Workload, workloadsOf } from "./workload.ts";

readCommandLine({
  command: "npm run test:cluster",
  about:
    "Applies the production overlay to a real Kubernetes API server with etcd, and reads the objects back. The programs are taken from KUBEBUILDER_ASSETS or PATH, or are built with Go, which takes minutes the first time.",
  flags: {},
  examples: [""],
  exitCodes: "1 when a check fails",
});

const failures: string[] = [];
const holds = (claim: string, found: readonly string[]): number => {
  failures.push(...found.map((failure) => `${claim}: ${failure}`));
  return found.length;
};

const tools = await Promise.all([
  buildGoTool("kustomize"),
  provideGoTool("kube-apiserver"),
  provideGoTool("etcd"),
]).catch((error: unknown) => {
  if (!(error instanceof NoGoError)) throw error;
  console.log(`SKIPPED test:cluster: ${error.message}, and no kube-apiserver and etcd either`);
  process.exit(process.env.CI === "true" ? 1 : 0);
});
const [kustomize, apiServer, etcd] = tools;
const manifests = render([kustomize, "build"], "deploy/overlays/production");

await using server = await startApiServer(apiServer, etcd);
const cluster = await createClusterClient(server);

const applied: Manifest[] = [];
for (const manifest of manifests) {
  const { found } = await cluster.apply(manifest);
  // No volume controller runs here. Until somebody writes it, the status of a claim is stored empty and read
  // as "Pending".
  const claim = found.length === 0 && manifest.kind === "PersistentVolumeClaim";
  const later = claim ? (await cluster.setStatus(manifest, { phase: "Bound" })).found : [];
  if (holds("apply", [...found, ...later]) === 0) applied.push(manifest);
}

const stored = new Map<Manifest, Manifest>();
for (const manifest of applied) {
  const { object, found } = await cluster.read(manifest);
  const lost = object ? differences(manifest, object, "") : [];
  holds(`read back ${manifest.kind} ${manifest.metadata.name}`, [...found, ...lost]);
  if (object && lost.length === 0) stored.set(manifest, object);
}

let unchanged = 0;
for (const [manifest, before] of stored) {
  const { object, found } = await cluster.apply(manifest);
  const changed = object === undefined || isDeepStrictEqual(object, before) ? found : ["the object has changed"];
  if (holds(`second apply of ${manifest.kind} ${manifest.metadata.name}`, changed) === 0) unchanged++;
}

let admitted = 0;
for (const workload of workloadsOf(manifests)) {
  const name = `pod of ${workload.metadata.name}`;
  if (holds(name, await cluster.tryPod(podOf(workload))) === 0) admitted++;
  // This pod asks for more than the namespace allows. A namespace that admits it protects nothing.
  if ((await cluster.tryPod(podOf(workload, { hostNetwork: true }))).length === 0) {
    failures.push(`${name}: admitted with the host's network`);
  }
}

const { version, definitions } = await liveDefinitions(server);
const schema = readSchema();
if (version !== schema.version)
  console.log(`the schemas of ${schema.version} are not compared with those of ${version}`);
else if (!isDeepStrictEqual(definitions, schema.definitions)) {
  failures.push(
    "kubernetes.schema.json differs from the schemas of this API server: run node tests/deploy/update-schema.ts",
  );
}

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(
  `${manifests.length} objects: ${applied.length} applied, ${stored.size} read back, ${unchanged} unchanged at the second apply; ` +
    `${admitted} of ${workloadsOf(manifests).length} pods admitted; kube-apiserver ${version}; ${failures.length} failures`,
);
process.exitCode = failures.length > 0 || applied.length === 0 ? 1 : 0;

/** Returns the pod that a controller would create from a workload's template. */
function podOf({ spec: { template, volumeClaimTemplates = [] } }: Workload, more: object = {}): unknown {
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  const volumes = [...(template.spec.volumes ?? []), ...claims];
  return { apiVersion: "v1", kind: "Pod", metadata: template.metadata, spec: { ...template.spec, ...more, volumes } };
}

/** Returns the paths at which `stored` differs from the object that was sent. The API server may add fields. */
function differences(asked: unknown, stored: unknown, at: string): string[] {
  if (typeof asked !== "object" || asked === null) {
    return isDeepStrictEqual(asked, stored)
      ? []
      : [`${at} is ${JSON.stringify(stored)}, asked for was ${JSON.stringify(asked)}`];
  }
  return Object.entries(asked).flatMap(([key, value]) =>
    differences(
      value,
      typeof stored === "object" && stored !== null ? Reflect.get(stored, key) : undefined,
      `${at}/${key}`,
    ),
  );
}
