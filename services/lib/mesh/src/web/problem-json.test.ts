import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { clientRequestId, traceIdOf } from "../call/answer-ids.ts";
import { invalidRequest, rpcError } from "../errors/rpc-error.ts";
import { problemJson } from "./problem-json.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

test("a problem has the reason and the fields of the error, and the members of Connect's JSON", () => {
  const error = invalidRequest([{ field: "late_ratio", description: "is a text" }]);
  expect(problemJson(error, 400, { requestId: "r-1", traceId: TRACE })).toMatchObject({
    ...{ type: "about:blank", title: "Bad Request", status: 400, detail: error.rawMessage },
    fields: [{ field: "late_ratio", description: "is a text" }],
    ...{ request_id: "r-1", trace_id: TRACE, code: "invalid_argument", message: error.rawMessage },
  });
  const other = problemJson(rpcError(Code.Unavailable, "MODEL_AWAY", "away"), 503, {
    requestId: "r",
    traceId: undefined,
  });
  expect(other).toMatchObject({ title: "Service Unavailable", reason: "MODEL_AWAY", code: "unavailable" });
  expect(other).not.toHaveProperty("trace_id");
  expect(other).not.toHaveProperty("fields");
});

test("an id of a request is repeated when it has 1 to 128 visible characters", () => {
  expect([clientRequestId("a"), clientRequestId("x".repeat(128))]).toEqual(["a", "x".repeat(128)]);
  for (const id of [undefined, "", "x".repeat(129), "a b", "é"]) expect(clientRequestId(id)).toBeUndefined();
});

test("the trace id is that of a valid traceparent", () => {
  expect(traceIdOf(`00-${TRACE}-b7ad6b7169203331-01`)).toBe(TRACE);
  for (const header of [undefined, "", "00-x-y-01", `00-${"0".repeat(32)}-b7ad6b7169203331-01`])
    expect(traceIdOf(header)).toBeUndefined();
});
