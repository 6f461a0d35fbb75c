/** Cases that a door fails, and why that is right or cannot be helped. */
export interface ExpectedFailure {
  readonly cases: RegExp;
  /** All that the runner may complain of; a case that draws any other complaint fails the run. */
  readonly complaints: RegExp;
  readonly reason: string;
}

const NOTHING_REFUSED = /^(expecting an error but received none|expecting 0 response messages but instead got 1)$/;

/** By the name of the configuration. An entry that no case needs fails the run too. */
export const EXPECTED_FAILURES: Readonly<Record<string, readonly ExpectedFailure[]>> = {
  "web-clear": [],
  "web-tls": [],
  grpc: [
    {
      cases: /^Server Message Size\/.*exceeds-server-limit$/,
      complaints: /^actual error contain 1 details; expecting 0$/,
      reason: "the code is right; the suite wants no details beside it, but our refusals say their reason in ErrorInfo",
    },
    {
      cases: /^gRPC Unexpected Requests\/.*\/unexpected-(verb|codec)$/,
      complaints: NOTHING_REFUSED,
      reason: "grpc-js takes every HTTP method and every application/grpc+… as gRPC and protobuf, and shows neither",
    },
    {
      cases: /^gRPC Unexpected Requests\/.*\/unexpected-compressed-message$/,
      complaints: NOTHING_REFUSED,
      reason: "grpc-js takes a message that is marked as compressed by grpc-encoding identity as it stands",
    },
    {
      cases: /^gRPC Unexpected Requests\/.*\/unexpected-compression$/,
      complaints: /^actual error .*does not match expected code 12|^actual error contain 1 details; expecting 0$/,
      reason: "grpc-js looks at grpc-encoding only when a message is marked as compressed: this one is malformed to it",
    },
    {
      cases: /^gRPC Unexpected Requests\/.*\/client-stream\/incomplete-message(-prefix)?$/,
      complaints: NOTHING_REFUSED,
      reason: "grpc-js drops the rest of a body that ends within a message",
    },
  ],
};
