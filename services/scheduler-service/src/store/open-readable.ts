import { constants, type FileHandle, open } from "node:fs/promises";

/**
 * Opens a file or folder for reading and closes it again, because only an attempt shows whether it is
 * readable. Does not block on a named pipe that has no writer.
 * @throws NodeJS.ErrnoException
 */
export async function openReadable(place: string): Promise<void> {
  const handle: FileHandle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  await handle.close();
}
