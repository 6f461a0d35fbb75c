import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const MODULE = path.join(import.meta.dirname, "go");
const BUILT = path.join(import.meta.dirname, "../../node_modules/.cache/deploy-tools");

const PACKAGES = {
  kustomize: "sigs.k8s.io/kustomize/kustomize/v5",
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
} as const;

/** A Go program that the tests of deploy/ need. */
export type GoTool = keyof typeof PACKAGES;

/** Thrown when a program has to be built and Go is not on the machine. */
export class NoGoError extends Error {
  override readonly name = "NoGoError" as const;
}

/**
 * Returns the path of a tool: from KUBEBUILDER_ASSETS or PATH, or built from the Go modules that go/go.mod
 * pins. Go caches its builds: the first one takes minutes, the next seconds.
 * @throws NoGoError, or Error when the build fails
 */
export async function provideGoTool(tool: GoTool): Promise<string> {
  return findProgram(tool) ?? (await buildGoTool(tool));
}

/**
 * Builds the pinned version, even when another one is on the machine.
 * @throws NoGoError, or Error when the build fails
 */
export async function buildGoTool(tool: GoTool): Promise<string> {
  const file = path.join(BUILT, tool);
  const version = await go("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes");
  const linked = `-s -w ${versionFlags(version.trim())}`;
  await go("build", "-ldflags", linked, "-o", file, PACKAGES[tool]);
  return file;
}

/** Returns the path of a program in KUBEBUILDER_ASSETS or on PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [process.env.KUBEBUILDER_ASSETS ?? "", ...(process.env.PATH ?? "").split(path.delimiter)];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));
}

async function go(...args: string[]): Promise<string> {
  const command = findProgram("go");
  if (!command) throw new NoGoError("Go is not on this machine");
  const { stdout } = await promisify(execFile)(command, args, { cwd: MODULE, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Kubernetes gets its version from a linker flag. */
function versionFlags(version: string): string {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const set = (name: string, value: string): string => `-X k8s.io/component-base/version.${name}=${value}`;
  return [set("gitVersion", version), set("gitMajor", major), set("gitMinor", minor)].join(" ");
}
