import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { grpcServiceConfig } from "./service-config.ts";
import { stripValidation } from "./strip-validation.ts";

/** Folder of the proto files in the checkout. */
export const PROTO = path.resolve(import.meta.dirname, "../../proto");
/** The contract itself, the Open Inference Protocol and the details of errors. google/protobuf comes with every protobuf compiler. */
const EXPORTED = ["bellwether/**/*.proto", "inference/*.proto", "google/rpc/*.proto"];
/** A service that only tests and benchmarks serve. */
const TESTS_ONLY = /^bellwether\/echo\//;

/**
 * Returns the files of the contract for clients, by path, in alphabetical order: the proto files with everything that
 * they import except google/protobuf, and grpc-service-config.json with deadlines and retries.
 */
export async function exportedFiles(): Promise<Map<string, string>> {
  const names = EXPORTED.flatMap((pattern) => globSync(pattern, { cwd: PROTO }))
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => !TESTS_ONLY.test(name))
    .sort();
  const services = (await Promise.all(names.filter((name) => !name.startsWith("google/")).map(servicesOf))).flat();
  const protos = names.map((name) => [name, stripValidation(readFileSync(path.join(PROTO, name), "utf8"))] as const);
  const config = `${JSON.stringify(grpcServiceConfig(services), null, 2)}\n`;
  return new Map([...protos, ["grpc-service-config.json", config]]);
}

/** Returns the services of a proto file, from the generated code. */
async function servicesOf(name: string): Promise<readonly DescService[]> {
  const generated: Readonly<Record<string, unknown>> = await import(
    `@bellwether/gen/${name.replace(/\.proto$/, "_pb")}`
  );
  return Object.values(generated)
    .filter(isFile)
    .flatMap(({ services }) => services);
}

const isFile = (value: unknown): value is DescFile =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
