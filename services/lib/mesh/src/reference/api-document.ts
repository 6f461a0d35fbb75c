/** A JSON schema of the OpenAPI document, as far as the reference reads it. */
export interface ApiSchema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly ApiSchema[];
  readonly oneOf?: readonly ApiSchema[];
  readonly allOf?: readonly ApiSchema[];
  readonly items?: ApiSchema;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ApiSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly uniqueItems?: boolean;
  /** Limits of a 64-bit integer, in words. */
  readonly "x-bounds"?: string;
  /** Name of the group of which at most one field is set. */
  readonly "x-oneof"?: string;
}

/** The body of a request or answer, by its media type. */
export interface ApiBody {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema: ApiSchema; readonly example?: unknown }>>;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: ApiSchema;
  readonly example?: unknown;
}

/** One path with one method. */
export interface ApiOperation {
  readonly operationId: string;
  /** The service. Left out: a REST path. */
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: ApiBody;
  readonly responses: Readonly<Record<string, ApiBody>>;
  /** Role that a caller needs, in lower case. Empty or left out: the role of the RPC that the path calls. */
  readonly "x-role"?: string;
  readonly "x-idempotent"?: boolean;
  /** Fields of the example request whose values differ between installations, with the path that answers them. */
  readonly "x-example-ids"?: Readonly<Record<string, string>>;
}

/** The parts of the OpenAPI document that the reference shows. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, ApiSchema>> };
}

/** Returns the name of the schema that a reference names. Undefined: the schema is not a reference. */
export const referenceOf = ({ $ref }: ApiSchema): string | undefined => $ref?.replace("#/components/schemas/", "");

/** Returns the names of all schemas that values contain, through other schemas too. */
export function reachedSchemas(values: readonly unknown[], schemas: ApiDocument["components"]["schemas"]): string[] {
  const reached = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name = key === "$ref" && typeof inner === "string" ? referenceOf({ $ref: inner }) : undefined;
      if (name === undefined) visit(inner);
      else if (!reached.has(name)) {
        reached.add(name);
        visit(schemas[name]);
      }
    }
  };
  for (const value of values) visit(value);
  return [...reached].sort();
}
