import type { DescFile, DescService } from "@bufbuild/protobuf";

/** Returns a proto file and everything that it imports, each once, the file first. */
export function fileClosure(file: DescFile, seen = new Set<DescFile>()): DescFile[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return [file, ...file.dependencies.flatMap((dependency) => fileClosure(dependency, seen))];
}

/** Returns the proto files that declare services, with everything that they import, each once. */
export function filesOf(services: readonly DescService[]): DescFile[] {
  const seen = new Set<DescFile>();
  return services.flatMap(({ file }) => fileClosure(file, seen));
}
