import {
  ListProductionHistoryRequestSchema,
  ListVersionsRequestSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { pageOf } from "./page.ts";

const tokensOf = (model: string) => pageTokens(ListVersionsRequestSchema, create(ListVersionsRequestSchema), model);

test("pages return each item once, even when items are added at the start of the list between two pages", () => {
  const first = pageOf(["v3", "v2", "v1"], 2, "", tokensOf("a"));
  expect(first.items).toEqual(["v3", "v2"]);
  expect(pageOf(["v5", "v4", "v3", "v2", "v1"], 2, first.nextPageToken, tokensOf("a"))).toEqual({
    items: ["v1"],
    nextPageToken: "",
  });
});

test("a token of another model, of another list, or one that no server created is rejected", () => {
  const { nextPageToken } = pageOf([1, 2, 3], 1, "", tokensOf("a"));
  const history = pageTokens(ListProductionHistoryRequestSchema, create(ListProductionHistoryRequestSchema), "a");
  for (const tokens of [tokensOf("b"), history])
    expect(() => pageOf([1, 2, 3], 1, nextPageToken, tokens)).toThrow("belongs to a list with another filter");
  for (const token of ["1", tokensOf("a").write(["-1"]), tokensOf("a").write(["1e3"]), tokensOf("a").write([1, 2])])
    expect(() => pageOf([1, 2, 3], 1, token, tokensOf("a"))).toThrow("does not belong to this list");
});
