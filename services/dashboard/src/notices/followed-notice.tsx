import {
  type Notice,
  type NoticeAttempt,
  NoticeOutcome,
  NoticeState,
} from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { timeText } from "../parts/format.ts";
import { problemOf } from "../rpc/problem.ts";
import { type Followed, reloadNotices } from "./use-notice-actions.ts";

const LOOK_AGAIN_MS = 1_000;
/** An attempt ends within 15 s; others can be before it. */
const MAX_WAIT_MS = 60_000;

/** One line about the last action: that it failed, or the result of the attempt that follows it. */
export function FollowedNotice(props: { followed: Followed | undefined; failure: string | undefined }) {
  const { followed, failure } = props;
  return (
    <div className="followed" role="status">
      {failure !== undefined && <strong className="failure">{failure}</strong>}
      {followed && <Result key={`${followed.noticeId}/${followed.attempts}`} followed={followed} />}
    </div>
  );
}

function Result({ followed }: { followed: Followed }) {
  const { what, noticeId, attempts } = followed;
  const queries = useQueryClient();
  const [startMs] = useState(Date.now);
  const got = useQuery(
    NoticeService.method.getNotice,
    { noticeId },
    {
      staleTime: 0,
      refetchInterval: ({ state }) =>
        resultOf(state.data, attempts) === undefined && Date.now() - startMs < MAX_WAIT_MS ? LOOK_AGAIN_MS : false,
    },
  );
  const result = resultOf(got.data, attempts);
  const hasEnded = result !== undefined;
  useEffect(() => {
    if (hasEnded) void reloadNotices(queries);
  }, [hasEnded, queries]);
  if (got.isError) return <span>{`${what}: ${problemOf(got.error).title}`}</span>;
  return <span>{`${what}: ${result === undefined ? "waiting for the receiver…" : result}`}</span>;
}

/** What GetNotice returns. */
interface Delivery {
  readonly notice?: Notice | undefined;
  readonly attempts: readonly NoticeAttempt[];
}

/**
 * Returns the result of the first attempt after `before` ones, in words. Undefined: it has not ended.
 * @param delivery undefined: not known yet
 */
export function resultOf(delivery: Delivery | undefined, before: number): string | undefined {
  const notice = delivery?.notice;
  const last = delivery?.attempts.at(-1);
  if (!notice || !last || last.attempt <= before || last.outcome === NoticeOutcome.UNSPECIFIED) return undefined;
  const detail = visibleText(last.detail);
  if (notice.state === NoticeState.DELIVERED) return `delivered. ${detail}.`;
  if (notice.state === NoticeState.DEAD) return `not delivered. ${detail}.`;
  const next = timeText(notice.nextAttemptAt);
  return `not delivered yet. ${detail}. ${next === "" ? "" : `Next attempt: ${next}.`}`.trim();
}
