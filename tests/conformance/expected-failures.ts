/** Cases that a door fails, and why that is right or cannot be helped. */
export interface ExpectedFailure {
  readonly cases: RegExp;
  /** All that the runner may complain of; a case that draws any other complaint fails the run. */
  readonly complaints: RegExp;
  readonly reason: string;
}

/** By the name of the configuration. An entry that no case needs fails the run too. */
export const EXPECTED_FAILURES: Readonly<Record<string, readonly ExpectedFailure[]>> = {
  "web-clear": [],
  "web-tls": [],
  grpc: [],
};
