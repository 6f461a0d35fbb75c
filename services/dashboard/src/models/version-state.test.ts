import {
  AliasSchema,
  GetReplicaStatusResponseSchema,
  ModelCheckKind,
  ModelCheckOutcome,
  ModelVersionSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { versionState } from "./version-state.ts";

const versionOf = (rejectionReason = "") =>
  create(ModelVersionSchema, { modelName: "risk", version: "v2", rejectionReason });
const replica = (modelName: string, version: string) =>
  create(GetReplicaStatusResponseSchema, {
    replica: "ml:1",
    rejections: [
      {
        ...{ modelName, version, reason: "a row gives another score" },
        checks: [
          { kind: ModelCheckKind.DIGEST, outcome: ModelCheckOutcome.PASSED },
          { kind: ModelCheckKind.GOLDEN_ROWS, outcome: ModelCheckOutcome.FAILED },
        ],
      },
    ],
  });

test("a version has the aliases that point at it", () => {
  const aliases = [
    create(AliasSchema, { name: "champion", version: "v2" }),
    create(AliasSchema, { name: "challenger", version: "v3" }),
  ];
  expect(versionState(versionOf(), aliases, [])).toEqual({ aliases: ["champion"], rejections: [] });
});

test("a rejection names the failed check and the replica, and only for the version of this model", () => {
  const text = "a row gives another score (check golden rows), at ml:1";
  expect(versionState(versionOf(), [], [replica("risk", "v2")]).rejections).toEqual([text]);
  expect(versionState(versionOf(), [], [replica("risk", "v3"), replica("other", "v2")]).rejections).toEqual([]);
});

test("a reason of the registry is listed once, also when a replica has it too", () => {
  const own = versionOf("a row gives another score");
  expect(versionState(own, [], [replica("risk", "v2")]).rejections).toHaveLength(1);
  expect(versionState(versionOf("no trusted key"), [], [replica("risk", "v2")]).rejections).toHaveLength(2);
});
