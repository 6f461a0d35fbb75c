import { access, readdir } from "node:fs/promises";
import path from "node:path";

/** Returns the names of the further models whose schedule was stored below the folder of the weeks, also of an earlier process. */
export async function modelsWithSchedule(weeksFolder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of (await readdir(weeksFolder)).toSorted()) {
    const file = path.join(weeksFolder, name, "schedule.json");
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere && !name.startsWith(".")) found.push(name);
  }
  return found;
}
