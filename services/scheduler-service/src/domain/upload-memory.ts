/**
 * Memory that an upload takes at its peak, as a multiple of the size of its model. Measured with models of 60 to 62 MiB: an import of
 * ONNX 31, of XGBoost (JSON) 27 and of LightGBM (text) 26; the checks of a version 20.
 */
const MEMORY_PER_BYTE = { import: 32, publish: 24 } as const;
/** Share of the memory that an upload may take. The rest is for the service and for what it does meanwhile. */
const SHARE = 0.75;
const MIB = 2 ** 20;

/**
 * Returns the largest model of an upload, so that the memory of the service suffices, and what to do instead of a larger one.
 * @param memoryBytes memory of the container or the machine, bytes
 */
export function modelLimit(
  kind: "import" | "publish",
  memoryBytes: number,
): { readonly bytes: number; readonly instead: string } {
  const times = MEMORY_PER_BYTE[kind];
  const command = kind === "import" ? "bellwether import" : "bellwether train --publish";
  return {
    bytes: Math.floor((memoryBytes * SHARE) / times),
    instead: `it takes about ${times} times its size of memory, and this service has ${Math.floor(memoryBytes / MIB)} MiB: give it more, or publish with ${command} on a machine that has it`,
  };
}
