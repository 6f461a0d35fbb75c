/** scheduler-service, which moves aliases, does not answer. */
export class SchedulerServiceUnavailableError extends Error {
  override readonly name = "SchedulerServiceUnavailableError" as const;
  readonly retryAfterMs = 1_000;
  constructor(options?: ErrorOptions) {
    super("scheduler-service does not answer: no alias can be moved until it does; nothing was changed", options);
  }
}

/** This ops-service does not know the address of scheduler-service. */
export class SchedulerServiceUnknownError extends Error {
  override readonly name = "SchedulerServiceUnknownError" as const;
  constructor() {
    super(
      "this ops-service does not know scheduler-service, which moves aliases: set SCHEDULER_SERVICE_URL, or use `bellwether models promote`",
    );
  }
}

/** scheduler-service does not let ops-service move an alias for people who are signed in. */
export class AliasNotGrantedError extends Error {
  override readonly name = "AliasNotGrantedError" as const;
  /** @param right the missing right, for example "promote:champion" */
  constructor(right: string, options?: ErrorOptions) {
    super(
      `ops-service may not move this alias for people who are signed in: give its identity at scheduler-service the right "${right}"`,
      options,
    );
  }
}
