import { execFileSync } from "node:child_process";
import path from "node:path";
import { buildGoTool, findProgram } from "./go-tool.ts";
import { type Manifest, parseManifests } from "./manifest.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** A command that renders a kustomization. Its last argument is the folder. */
export type Renderer = readonly [command: string, ...args: string[]];

/**
 * Returns `kustomize` or `kubectl` of the machine, as an operator would use it; otherwise kustomize as
 * go/go.mod pins it.
 * @throws NoGoError
 */
export async function findRenderer(): Promise<Renderer> {
  const kustomize = findProgram("kustomize");
  if (kustomize) return [kustomize, "build"];
  const kubectl = findProgram("kubectl");
  if (kubectl) return [kubectl, "kustomize"];
  return [await buildGoTool("kustomize"), "build"];
}

/** Returns the objects of a kustomization, for example of "deploy/overlays/production". */
export function render([command, ...args]: Renderer, folder: string): Manifest[] {
  const text = execFileSync(command, [...args, folder], { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return parseManifests(text);
}
