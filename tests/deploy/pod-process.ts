import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { firstMessage, spawnNode } from "@bellwether/testing/node-process";
import type { CarriedOut } from "./carry-out.ts";
import type { Manifest } from "./manifest.ts";
import { type Container, dataOf, type Volume, type Workload } from "./workload.ts";

/** What a pod needs besides the manifests: the part that the cluster and the operator provide. */
export interface Surroundings {
  readonly manifests: readonly Manifest[];
  /** Values of Secrets by name and key. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folder with one subfolder per volume claim. */
  readonly claims: string;
  /** Folder in which the folders of the pods are created. */
  readonly scratch: string;
  /** A free port of this machine for each container port. No two Deployments have the same container port. */
  readonly ports: ReadonlyMap<number, number>;
}

/** A pod's container, running as a process of this machine. */
export interface PodProcess extends AsyncDisposable {
  readonly name: string;
  readonly ports: { readonly grpc: number; readonly web: number; readonly admin: number };
  /**
   * Returns the memory limit of the pod and the peak of its process so far, in MiB. The peak is 0 where the
   * system does not report it.
   */
  memory(): { readonly limitMib: number; readonly peakMib: number };
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts a Deployment's container from the result of its Dockerfile. Command, variables, mounted files and
 * user are those of the manifests; mount paths are below `scratch`.
 * @throws Error when the process ends before it listens
 */
export async function startPod(workload: Workload, image: CarriedOut, around: Surroundings): Promise<PodProcess> {
  const { name } = workload.metadata;
  const { containers, volumes = [] } = workload.spec.template.spec;
  const container = containers[0];
  if (!container) throw new Error(`${name}: no container`);
  const moved = container.volumeMounts.map(({ name: volume, mountPath }) => {
    const folder = mountVolume(
      volumes.find((known) => known.name === volume),
      path.join(around.scratch, name),
      around,
    );
    return [mountPath, folder] as const;
  });
  const env = Object.fromEntries(
    Object.entries(variablesOf(container, image, around)).map(([key, value]) => [
      key,
      placed(value, [...moved, ["/app", path.join(image.root, "app")]], around.ports),
    ]),
  );
  const port = (name: string): number =>
    around.ports.get(container.ports.find((known) => known.name === name)?.containerPort ?? 0) ?? 0;
  const ports = { grpc: port("grpc"), web: port("web"), admin: port("admin") };
  const prefix = name.replace("-", "_").toUpperCase();
  for (const [listener, number] of Object.entries(ports))
    env[`${prefix}_${listener.toUpperCase()}_PORT`] = String(number);
  const [, main = "", ...args] = container.command ?? image.command;
  const started = spawnNode(main, {
    args,
    cwd: path.join(image.root, image.workdir),
    env: { ...env, TMPDIR: moved.find(([at]) => at === "/tmp")?.[1] ?? "" },
    stdout: "ignore",
    // Only root may start a process as another user.
    ...(process.getuid?.() === 0 && { user: { uid: 1000, gid: 1000 } }),
  });
  await firstMessage(started, name);
  const stop = (): Promise<number | null> => started.end("SIGTERM");
  const memory = () => ({ limitMib: mebibytes(container.resources.limits.memory), peakMib: peakOf(started.child.pid) });
  return { name, ports, memory, stop, [Symbol.asyncDispose]: () => stop().then(() => undefined) };
}

/** Converts "512Mi" or "1Gi" to MiB. */
function mebibytes(quantity = ""): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return Number(number) * (unit === "Gi" ? 1024 : 1);
}

function peakOf(pid: number | undefined): number {
  const file = `/proc/${pid}/status`;
  const [, kib = "0"] = (existsSync(file) && /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, "utf8"))) || [];
  return Math.round(Number(kib) / 1024);
}

function variablesOf({ env = [], envFrom = [] }: Container, image: CarriedOut, around: Surroundings) {
  const secret = (name: string, key: string): string => {
    const value = around.secrets[name]?.[key];
    if (value === undefined) throw new Error(`no Secret ${name} with ${key}`);
    return value;
  };
  return {
    ...image.env,
    ...Object.assign({}, ...envFrom.map(({ configMapRef }) => dataOf(around.manifests, configMapRef.name))),
    ...Object.fromEntries(
      env.map(({ name, value = "", valueFrom }) => [
        name,
        valueFrom ? secret(valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key) : value,
      ]),
    ),
  } as Record<string, string>;
}

/** Makes the folder of a volume, which the pod's user may read. An emptyDir or a claim may also be written. */
function mountVolume(volume: Volume | undefined, scratch: string, around: Surroundings): string {
  if (!volume) throw new Error("a mount without a volume");
  if (volume.persistentVolumeClaim) return path.join(around.claims, volume.persistentVolumeClaim.claimName);
  const folder = path.join(scratch, volume.name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(filesOf(volume, around))) writeFileSync(path.join(folder, file), text);
  if (volume.emptyDir) chmodSync(folder, 0o777);
  return folder;
}

function filesOf(
  { secret, configMap }: Volume,
  { manifests, secrets }: Surroundings,
): Readonly<Record<string, string>> {
  if (configMap) return dataOf(manifests, configMap.name);
  if (!secret) return {};
  const values = secrets[secret.secretName] ?? {};
  if (!secret.items) return values;
  return Object.fromEntries(secret.items.map(({ key, path: file }) => [file, values[key] ?? ""]));
}

/**
 * Returns a variable's value with the moved file or folder at its start replaced, and the port of the Service
 * in its URL.
 */
function placed(
  value: string,
  moved: readonly (readonly [from: string, to: string])[],
  ports: ReadonlyMap<number, number>,
): string {
  const [, scheme = "", file = ""] = /^(file:)?(\/.*)$/.exec(value) ?? [];
  const mount = moved.find(([from]) => file === from || file.startsWith(`${from}/`));
  if (mount) return `${scheme}${mount[1]}${file.slice(mount[0].length)}`;
  return value.replace(/[a-z]+-service-grpc:(\d+)/, (_, port) => `localhost:${ports.get(Number(port))}`);
}

/** Makes the folder of a claim, which every user may write, as `fsGroup` would allow. */
export function makeClaim(folder: string, from?: string): void {
  mkdirSync(folder, { recursive: true });
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  chmodSync(folder, 0o777);
}
