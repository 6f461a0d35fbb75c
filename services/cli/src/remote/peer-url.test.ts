import { expect, test } from "vitest";
import { ML_PEER, OPS_PEER, peerUrl } from "./peer-url.ts";

const at = (env: Record<string, string>) => ({ env, cwd: "/" });

test("the option precedes the URL variable, which precedes the port variable, which precedes the default", () => {
  const all = { OPS_SERVICE_URL: "http://ops:1", OPS_SERVICE_GRPC_PORT: "2" };
  expect(peerUrl(OPS_PEER, "http://given:3", at(all))).toBe("http://given:3");
  expect(peerUrl(OPS_PEER, undefined, at(all))).toBe("http://ops:1");
  expect(peerUrl(OPS_PEER, undefined, at({ ...all, OPS_SERVICE_URL: "" }))).toBe("http://localhost:2");
  expect(peerUrl(OPS_PEER, undefined, at({}))).toBe("http://localhost:9080");
  expect(peerUrl(ML_PEER, undefined, at({ BELLWETHER_TLS_CERT: "tls.crt" }))).toBe("https://localhost:9081");
});

test("an invalid port, or port 0, is an error that names its variable", () => {
  expect(() => peerUrl(ML_PEER, undefined, at({ ML_SERVICE_GRPC_PORT: "70000" }))).toThrow("ML_SERVICE_GRPC_PORT");
  expect(() => peerUrl(ML_PEER, undefined, at({ ML_SERVICE_GRPC_PORT: "0" }))).toThrow(
    "ML_SERVICE_GRPC_PORT is 0 (any free port), so the port is not known: set it to the port of the running service, or give --ml URL",
  );
});

test("credentials, a path and a query are rejected without repeating the URL", () => {
  for (const url of [
    "http://u:hunter2@ops:1",
    "u:hunter2@ops:1",
    "http://u:hunter2@op s",
    "https://ops/?key=hunter2",
  ]) {
    expect(() => peerUrl(OPS_PEER, url, at({}))).toThrow(/^--ops: /);
    expect(() => peerUrl(OPS_PEER, undefined, at({ OPS_SERVICE_URL: url }))).toThrow(/^OPS_SERVICE_URL: /);
    expect(() => peerUrl(OPS_PEER, url, at({}))).not.toThrow(/hunter2/);
  }
  expect(() => peerUrl(OPS_PEER, "http://ops:1/pre", at({}))).toThrow("--ops: a gRPC URL has no path and no query");
  for (const url of ["http://ops:1/", "dns:///ops:1", "unix:/run/a@b"])
    expect(peerUrl(OPS_PEER, url, at({}))).toBe(url);
});
