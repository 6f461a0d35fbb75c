import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadModelFolders } from "@bellwether/config/model-folders";
import { describe, expect, onTestFinished, test } from "vitest";
import { NoGoError } from "./go-tool.ts";
import { createSchemaCheck } from "./kubernetes-schema.ts";
import { type Manifest, parseManifests, readManifests } from "./manifest.ts";
import { findRenderer, type Renderer, ROOT, render } from "./render.ts";
import { dataOf, servicesOf, workloadsOf } from "./workload.ts";

const failuresOf = createSchemaCheck();
const PRODUCTION = "deploy/overlays/production";
const SEVERAL_MODELS = "deploy/overlays/several-models";
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** The longest time that a service takes to stop: the bound that `startServer` documents, plus preStop. */
const DRAIN_S = 10;

const SOURCES = globSync("deploy/{base,components}/**/*.yaml", { cwd: ROOT }).filter(
  (file) => path.basename(file) !== "kustomization.yaml",
);

test("every object in the files of deploy/ fits the Kubernetes API's schema of its kind", () => {
  expect(SOURCES.length).toBeGreaterThan(5);
  expect(SOURCES.flatMap((file) => readManifests(path.join(ROOT, file)).flatMap(failuresOf))).toEqual([]);
});

test("the schema check reports what the API would reject", () => {
  const [manifest] = parseManifests(
    "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {port: [], type: Local}}",
  );
  expect(manifest && failuresOf(manifest)).toEqual([
    'v1 Service a /spec: must NOT have additional properties {"additionalProperty":"port"}',
    'v1 Service a /spec/type: must be equal to one of the allowed values {"allowedValues":["ClusterIP","ExternalName","LoadBalancer","NodePort"]}',
  ]);
  const [unknown] = parseManifests("{apiVersion: v2, kind: Service, metadata: {name: a}}");
  expect(unknown && failuresOf(unknown)).toEqual(["v2 Service: not a kind of the API, or not among KINDS"]);
});

const UNITS: Readonly<Record<string, number>> = { Mi: 2 ** 20, Gi: 2 ** 30 };
/** Returns the bytes of a quantity of Kubernetes, for example "2Gi". NaN: another form. */
function bytesOf(quantity: string | undefined): number {
  const [, amount, unit = ""] = /^(\d+)(Mi|Gi)$/.exec(quantity ?? "") ?? [];
  return Number(amount) * (UNITS[unit] ?? Number.NaN);
}

test("the pod of scheduler-service has the memory and the disk that the limits of reading a file allow", () => {
  const settings = `${read("deploy/base/bellwether.env")}\n${read("config/example.env")}`;
  const limit = (name: string): number => Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(settings)?.[1]);
  const base = (file: string): Manifest[] => readManifests(path.join(ROOT, "deploy/base", file));
  const [container] = servicesOf(base("scheduler-service.yaml"))[0]?.spec.template.spec.containers ?? [];
  const memory = bytesOf(container?.resources.limits.memory);
  // The process that reads is beside the service itself, in the same pod.
  const own = bytesOf(container?.resources.requests.memory);
  expect(memory).toBeGreaterThanOrEqual(own + limit("INGEST_MAX_MEMORY_BYTES"));

  // Buffers and corrected copies are in the data folder, not in the folder for temporary files.
  const dataDir = /^BELLWETHER_DATA_DIR=(.*)$/m.exec(settings)?.[1];
  expect(container?.volumeMounts.find(({ mountPath }) => mountPath === dataDir)?.name).toBe("data");
  const claim = base("volumes.yaml").find(({ metadata }) => metadata.name === "scheduler-data");
  const storage = /"storage":"(\w+)"/.exec(JSON.stringify(claim?.spec))?.[1];
  expect(bytesOf(storage)).toBeGreaterThanOrEqual(limit("INGEST_MAX_SPILL_BYTES") + limit("INGEST_MAX_FILE_BYTES"));
});

const renderer = await rendererOrReason();

describe.skipIf(typeof renderer === "string")(`rendered${typeof renderer === "string" ? `: ${renderer}` : ""}`, () => {
  const rendered = (folder: string): Manifest[] => (typeof renderer === "string" ? [] : render(renderer, folder));
  const manifests = rendered(PRODUCTION);
  const services = servicesOf(manifests);
  const find = (kind: string, name: string): Manifest | undefined =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);

  test.each(["deploy/base", PRODUCTION, SEVERAL_MODELS])(
    "every object of %s fits the Kubernetes API's schema",
    (folder) => {
      const objects = rendered(folder);
      expect(objects.length).toBeGreaterThan(20);
      expect(objects.flatMap(failuresOf)).toEqual([]);
      expect(
        objects.filter(({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== "bellwether"),
      ).toEqual([]);
    },
  );

  test("the configuration files in the cluster equal those of config/, byte for byte", () => {
    const name = manifests.find(({ metadata }) => metadata.name.startsWith("bellwether-config-"))?.metadata.name ?? "";
    const data = dataOf(manifests, name);
    expect(Object.keys(data).sort()).toEqual([
      "alert_rules.yaml",
      "feature_mapping.yaml",
      "model_config.yaml",
      "notice_routes.yaml",
      "risk_policy.yaml",
    ]);
    for (const [file, text] of Object.entries(data)) expect(text).toBe(read(`config/${file}`));
  });

  test("config/example.env documents every variable", () => {
    const documented = new Set([...read("config/example.env").matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, n]) => n));
    const given = services.flatMap(({ spec }) =>
      spec.template.spec.containers.flatMap(({ env = [], envFrom = [] }) => [
        ...env.map(({ name }) => name),
        ...envFrom.flatMap(({ configMapRef }) => Object.keys(dataOf(manifests, configMapRef.name))),
      ]),
    );
    expect(given.filter((name) => !documented.has(name))).toEqual([]);
  });

  test("everything that a pod names exists, or is a Secret that deploy/README.md names with its key", () => {
    const guide = read("deploy/README.md");
    const missing = workloadsOf(manifests).flatMap(({ spec }) => {
      const pod = spec.template.spec;
      const keys = pod.containers.flatMap(({ env = [] }) =>
        env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
      );
      return [
        ...(find("ServiceAccount", pod.serviceAccountName) ? [] : [pod.serviceAccountName]),
        ...(pod.volumes ?? []).flatMap(({ configMap, persistentVolumeClaim, secret }) => [
          ...(configMap && !find("ConfigMap", configMap.name) ? [configMap.name] : []),
          ...(persistentVolumeClaim && !find("PersistentVolumeClaim", persistentVolumeClaim.claimName)
            ? [persistentVolumeClaim.claimName]
            : []),
          ...(secret && !guide.includes(`secret generic ${secret.secretName}`) ? [secret.secretName] : []),
          ...(secret?.items ?? []).map(({ key }) => key).filter((key) => !guide.includes(key)),
        ]),
        ...keys.map(({ name }) => name).filter((name) => !guide.includes(`secret generic ${name}`)),
        ...keys.map(({ key }) => key).filter((key) => !guide.includes(`--from-literal=${key}=`)),
      ];
    });
    expect(missing).toEqual([]);
  });

  test("no pod has more rights than it needs, and each has time to drain", () => {
    expect(workloadsOf(manifests).length).toBe(5);
    for (const { metadata, spec } of workloadsOf(manifests)) {
      const { containers, ...pod } = spec.template.spec;
      expect(pod, metadata.name).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(pod.terminationGracePeriodSeconds, metadata.name).toBeGreaterThan(DRAIN_S + 5);
      for (const { securityContext, resources } of containers) {
        expect(securityContext, metadata.name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(Object.keys(resources.requests).sort(), metadata.name).toEqual(["cpu", "memory"]);
        expect(resources.limits.memory, metadata.name).toBeDefined();
      }
    }
  });

  test("probes use the admin listener, which no Service exposes", () => {
    for (const { metadata, spec } of services) {
      const [container] = spec.template.spec.containers;
      expect(container?.startupProbe.httpGet, metadata.name).toEqual({ path: "/livez", port: "admin" });
      expect(container?.livenessProbe?.httpGet, metadata.name).toEqual({ path: "/livez", port: "admin" });
      expect(container?.readinessProbe.httpGet, metadata.name).toEqual({ path: "/readyz", port: "admin" });
    }
    const targets = manifests
      .filter(({ kind }) => kind === "Service")
      .flatMap(({ spec }) => (spec as { ports: { targetPort: string }[] }).ports.map(({ targetPort }) => targetPort));
    expect(targets).toContain("grpc");
    expect(targets).not.toContain("admin");
  });

  test("each service has one Service for its gRPC and web listeners and a headless one for gRPC, and both select its pods", () => {
    for (const { metadata, spec } of services) {
      const { labels } = spec.template.metadata;
      const ports = new Set(spec.template.spec.containers[0]?.ports.map(({ name }) => name));
      const listeners = (name: string) => {
        const service = find("Service", name)?.spec as {
          clusterIP?: string;
          selector: Record<string, string>;
          ports: { targetPort: string }[];
        };
        expect(labels).toMatchObject(service.selector);
        expect(service.ports.every(({ targetPort }) => ports.has(targetPort))).toBe(true);
        return { clusterIP: service.clusterIP, listeners: service.ports.map(({ targetPort }) => targetPort) };
      };
      expect(listeners(metadata.name)).toEqual({ clusterIP: undefined, listeners: ["web", "grpc"] });
      expect(listeners(`${metadata.name}-grpc`)).toEqual({ clusterIP: "None", listeners: ["grpc"] });
    }
  });

  test("ops-service alone has the settings of sign-in, its keys from a Secret and the others from a ConfigMap", () => {
    const settings = services.map(({ metadata, spec }) => {
      const [container] = spec.template.spec.containers;
      const { env = [], envFrom = [] } = container ?? {};
      const given = envFrom.flatMap(({ configMapRef }) => Object.keys(dataOf(manifests, configMapRef.name)));
      const isOfSignIn = (name: string): boolean => /^BELLWETHER_(SESSION|OIDC|PUBLIC)_/.test(name);
      const secret = env.filter(({ name }) => isOfSignIn(name));
      return [
        metadata.name,
        secret.map(({ name, valueFrom }) => [name, valueFrom?.secretKeyRef]),
        given.filter(isOfSignIn),
      ];
    });
    const name = "bellwether-sign-in";
    expect(Object.fromEntries(settings.map(([service, ...rest]) => [service, rest]))).toEqual({
      "ml-service": [[], []],
      "scheduler-service": [[], []],
      "ops-service": [
        [
          ["BELLWETHER_SESSION_KEY", { name, key: "session-key" }],
          ["BELLWETHER_OIDC_CLIENT_SECRET", { name, key: "oidc-client-secret" }],
        ],
        [
          "BELLWETHER_OIDC_CLIENT_ID",
          "BELLWETHER_OIDC_GROUPS_CLAIM",
          "BELLWETHER_OIDC_ISSUER",
          "BELLWETHER_OIDC_ROLES",
          "BELLWETHER_PUBLIC_URL",
        ],
      ],
    });
  });

  test("with the component models, all three services mount the five files of each further model", async () => {
    const objects = rendered(SEVERAL_MODELS);
    const pods = servicesOf(objects).map(({ metadata, spec }) => [metadata.name, spec.template.spec] as const);
    expect(pods.map(([name]) => name).sort()).toEqual(["ml-service", "ops-service", "scheduler-service"]);
    for (const [name, { containers, volumes = [] }] of pods) {
      const [container] = containers;
      const environment = (container?.envFrom ?? []).map(({ configMapRef }) => dataOf(objects, configMapRef.name));
      const folder = Object.assign({}, ...environment).BELLWETHER_MODELS;
      const mount = container?.volumeMounts.find(({ mountPath }) => mountPath === folder);
      expect([name, mount?.readOnly]).toEqual([name, true]);
      const map = volumes.find((volume) => volume.name === mount?.name)?.configMap;
      const data = dataOf(objects, map?.name ?? "");
      expect((map?.items ?? []).map(({ key }) => key).sort()).toEqual(Object.keys(data).sort());
      // As the kubelet writes them.
      const root = await mkdtemp(path.join(tmpdir(), "bellwether-models-"));
      onTestFinished(() => rm(root, { recursive: true, force: true }));
      for (const { key, path: place } of map?.items ?? []) {
        await mkdir(path.dirname(path.join(root, place)), { recursive: true });
        await writeFile(path.join(root, place), data[key] ?? "");
      }
      expect((await loadModelFolders(root, "supplier-risk")).map((model) => model.name)).toEqual(["insolvency"]);
    }
  });

  test("only scheduler-service can write models", () => {
    const writers = services.flatMap(({ metadata, spec }) =>
      spec.template.spec.containers
        .flatMap(({ volumeMounts }) => volumeMounts)
        .filter(({ name, readOnly }) => name === "models" && readOnly !== true)
        .map(() => metadata.name),
    );
    expect(writers).toEqual(["scheduler-service"]);
  });
});

/** The first use may build kustomize, which takes a minute or two. */
async function rendererOrReason(): Promise<Renderer | string> {
  try {
    return await findRenderer();
  } catch (error) {
    if (error instanceof NoGoError) return `neither kustomize nor kubectl is here, and ${error.message}`;
    throw error;
  }
}
