/** Cases that a listener fails, with the reason why that is right or cannot be avoided. */
export interface ExpectedFailure {
  readonly cases: RegExp;
  /** All complaints of the runner that are expected. Any other complaint about such a case fails the run. */
  readonly complaints: RegExp;
  readonly reason: string;
}

/**
 * Failures of the conformance tests that are expected, by name of the configuration. An entry that no case
 * needs fails the run too.
 */
export const EXPECTED_FAILURES: Readonly<Record<string, readonly ExpectedFailure[]>> = {
  "web-clear": [],
  "web-tls": [],
  grpc: [],
};
