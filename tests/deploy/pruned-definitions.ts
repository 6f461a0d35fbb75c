/** The kinds of object in deploy/: apiVersion and kind. */
export const KINDS = [
  "v1 Namespace",
  "v1 ServiceAccount",
  "v1 ConfigMap",
  "v1 Service",
  "v1 PersistentVolumeClaim",
  "apps/v1 Deployment",
  "apps/v1 StatefulSet",
  "policy/v1 PodDisruptionBudget",
  "networking.k8s.io/v1 NetworkPolicy",
] as const;

/** Schemas by the name that Kubernetes gives them, for example "io.k8s.api.apps.v1.Deployment". */
export type Definitions = Readonly<Record<string, Definition>>;

/** A schema as in Kubernetes' OpenAPI document. */
export interface Definition {
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly [keyword: string]: unknown;
}

/** Returns the kind that a definition describes, for example "apps/v1 Deployment". */
export function kindsOf(definition: Definition): string[] {
  return (definition["x-kubernetes-group-version-kind"] ?? []).map(
    ({ group, version, kind }) => `${group === "" ? "" : `${group}/`}${version} ${kind}`,
  );
}

/** Returns the definitions of KINDS and everything that they refer to, without descriptions, sorted by name. */
export function pruneDefinitions(all: Definitions): Definitions {
  const kinds = new Set<string>(KINDS);
  const wanted = new Set<string>();
  const visit = (name: string): void => {
    const definition = all[name];
    if (wanted.has(name) || !definition) return;
    wanted.add(name);
    for (const [, referred = ""] of JSON.stringify(definition).matchAll(/"#\/definitions\/([^"]+)"/g)) visit(referred);
  };
  for (const [name, definition] of Object.entries(all)) {
    if (kindsOf(definition).some((kind) => kinds.has(kind))) visit(name);
  }
  return Object.fromEntries([...wanted].sort().map((name) => [name, withoutProse(all[name]) as Definition]));
}

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // A property named "description" is an object; a description of a schema is a text.
      .filter(([key, inner]) => !(key === "description" && typeof inner === "string"))
      .filter(([key]) => !key.startsWith("x-kubernetes-") || key === "x-kubernetes-group-version-kind")
      .map(([key, inner]) => [key, withoutProse(inner)]),
  );
}
