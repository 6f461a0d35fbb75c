/** Memory that reading and checking a version takes at its peak, as a multiple of the size of model.onnx: measured 19 with 62 MiB. */
const MEMORY_PER_BYTE = 20;
/** Share of the memory that this may take. The rest is for the versions that are served, and for their calls. */
const SHARE = 0.75;

/** Returns the size of the largest model.onnx that is opened, bytes. @param memoryBytes memory of the container or the machine */
export const largestModelBytes = (memoryBytes: number): number => Math.floor((memoryBytes * SHARE) / MEMORY_PER_BYTE);
