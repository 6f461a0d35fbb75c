import { symlink } from "node:fs/promises";
import { join } from "node:path";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { expect, test } from "vitest";
import { dataFolder } from "../../test/mapping-fixture.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { openCsv } from "./csv-file.ts";

const SOURCE: SourceMapping = {
  ...{ name: "weekly", file: "week.csv", format: "csv", encoding: "windows-1252" },
  ...{ delimiter: ",", decimal: ".", columns: [] },
};

test("an error of a full disk names the folder of the copy that could not be written", async () => {
  await using folder = await dataFolder({ "week.csv": Buffer.from("id,name\n1,M\xfcller\n", "latin1") });
  await using workspace = await Workspace.open({ limits: DEFAULT_LIMITS });
  // Every write to /dev/full fails as on a full disk.
  await symlink("/dev/full", join(workspace.folder, "weekly.decoded.csv"));
  const file = { name: "week.csv", path: join(folder.path, "week.csv"), pathValues: new Map() };
  await expect(openCsv(workspace, SOURCE, file, true)).rejects.toMatchObject({
    ...{ code: "ENOSPC", path: workspace.folder },
  });
});
