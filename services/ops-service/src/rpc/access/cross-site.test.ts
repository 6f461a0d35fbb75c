import { expect, it } from "vitest";
import { CrossSiteRequestError } from "../../domain/access/sign-in-error.ts";
import { rejectCrossSite } from "./cross-site.ts";

const allowed = ["https://dashboard.example.org"];
const host = "risk.example.org";
const check = (
  origin: string | undefined,
  secFetchSite?: string,
  own: string | undefined = "https://risk.example.org",
) => rejectCrossSite({ origin, secFetchSite, host }, { own, allowed });

it("accepts the service's own page and allowed origins", () => {
  expect(() => check("https://risk.example.org")).not.toThrow();
  expect(() => check("https://dashboard.example.org", "cross-site")).not.toThrow();
  expect(() => check(undefined, "same-origin")).not.toThrow();
});

it.each([
  ["another site", "https://evil.example", "cross-site"],
  ["another port", "https://risk.example.org:8443", "same-site"],
  ["another scheme", "http://risk.example.org", "cross-site"],
  ["a subdomain", "https://a.risk.example.org", "same-site"],
  ["a sandboxed page", "null", "cross-site"],
  ["a client that does not name its origin", undefined, undefined],
  ["a sibling site without an origin", undefined, "same-site"],
  ["an address that a person typed", undefined, "none"],
])("rejects %s", (_, origin, secFetchSite) => {
  expect(() => check(origin, secFetchSite)).toThrow(CrossSiteRequestError);
});

it("without a known origin, the Host header decides, and a port counts", () => {
  const at = (origin: string) =>
    rejectCrossSite({ origin, secFetchSite: undefined, host: "localhost:8080" }, { own: undefined, allowed });
  expect(() => at("http://localhost:8080")).not.toThrow();
  expect(() => at("http://localhost:8081")).toThrow(CrossSiteRequestError);
  expect(() => at("null")).toThrow(CrossSiteRequestError);
});
