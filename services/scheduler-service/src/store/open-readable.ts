import { constants, type FileHandle, open } from "node:fs/promises";

/** Opens a file or folder for reading and closes it again: who may read is known by trying. A pipe is not waited for. @throws NodeJS.ErrnoException */
export async function openReadable(place: string): Promise<void> {
  const handle: FileHandle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  await handle.close();
}
