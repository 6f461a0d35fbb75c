import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

/** An object of the Kubernetes API. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * Returns the objects of a YAML text with one or many documents.
 * @throws Error for a document that is not an object of the API
 */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    for (const error of document.errors) throw error;
    const value: unknown = document.toJS();
    if (!isManifest(value)) throw new Error(`no apiVersion, kind or name: ${JSON.stringify(value)?.slice(0, 200)}`);
    return value;
  });
}

/** Returns the objects of a file. */
export const readManifests = (file: string): Manifest[] => parseManifests(readFileSync(file, "utf8"));

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
  const { metadata } = value;
  return (
    "apiVersion" in value &&
    typeof value.apiVersion === "string" &&
    "kind" in value &&
    typeof value.kind === "string" &&
    typeof metadata === "object" &&
    metadata !== null &&
    "name" in metadata &&
    typeof metadata.name === "string"
  );
}
