import type { NoticeState } from "./delivery-retries.ts";

/** No notice has this id. */
export class NoticeNotFoundError extends Error {
  override readonly name = "NoticeNotFoundError" as const;
  constructor(noticeId: string) {
    super(`no notice ${noticeId}; delivered and dead notices are deleted after the retention of the routes file`);
  }
}

/** The notice cannot be replayed. */
export class NoticeStateError extends Error {
  override readonly name = "NoticeStateError" as const;
  /** @param unknownDestination name of the destination that is not in the routes file; left out: it is */
  constructor(noticeId: string, state: NoticeState, unknownDestination?: string) {
    super(
      unknownDestination === undefined
        ? `notice ${noticeId} is ${state.replace("_", " ")}; only dead notices are replayed`
        : `the destination ${unknownDestination} of notice ${noticeId} is not in the routes file; add it there first`,
    );
  }
}

/** The routes file has no destination of this name. */
export class DestinationNotFoundError extends Error {
  override readonly name = "DestinationNotFoundError" as const;
  constructor(name: string) {
    super(`no destination ${JSON.stringify(name)} in the routes file; ListDestinations lists them`);
  }
}

/** The destination gets no notices. */
export class DestinationDisabledError extends Error {
  override readonly name = "DestinationDisabledError" as const;
  constructor(name: string, reason: string) {
    super(`the destination ${name} is disabled (${reason}); enable it first`);
  }
}
