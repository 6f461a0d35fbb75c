import { expect, test } from "vitest";
import { championsOfServices } from "./champions.ts";

test("looks an alias up at ml-service, but not a version number", async () => {
  using champions = championsOfServices("http://127.0.0.1:9", "http://127.0.0.1:9", {});
  expect(await champions.versionOf("supplier-risk", "v4")).toBe("v4");
  await expect(champions.versionOf("supplier-risk", "challenger")).rejects.toThrow(
    "ml-service does not answer at http://127.0.0.1:9",
  );
});
