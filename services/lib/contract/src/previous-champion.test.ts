import { expect, test } from "vitest";
import { previousChampion } from "./previous-champion.ts";

test.each<[string, string[], string | undefined]>([
  ["without a champion", [], undefined],
  ["after the first promotion", ["v1"], undefined],
  ["after the second promotion", ["v1", "v2"], "v1"],
  ["after a rollback there is no champion left", ["v1", "v2", "v1"], undefined],
  ["a second rollback goes further back", ["v1", "v2", "v3", "v2"], "v1"],
  ["after two rollbacks there is no champion left", ["v1", "v2", "v3", "v2", "v1"], undefined],
  ["a promotion after a rollback is rolled back to the version before it", ["v1", "v2", "v1", "v3"], "v1"],
  ["a version that is promoted again after a rollback", ["v1", "v2", "v1", "v2"], "v1"],
  ["a return over several versions ends all of them", ["v1", "v2", "v3", "v1"], undefined],
])("%s", (_, versions, expected) => expect(previousChampion(versions)).toBe(expected));
