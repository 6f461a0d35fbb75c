import type { Notice } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { NoticeService } from "@bellwether/gen/bellwether/ops/v1/notice_service_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf } from "../rpc/problem.ts";

/** A notice whose next attempt the reader waits for. */
export interface Followed {
  /** What was done, for example "Test to risk-room". */
  readonly what: string;
  readonly noticeId: string;
  /** Number of attempts before. */
  readonly attempts: number;
}

/** What an administrator can do, and the last thing that was done. */
export interface NoticeActions {
  readonly isBusy: boolean;
  readonly followed: Followed | undefined;
  /** Why the last action failed. Undefined: it did not. */
  readonly failure: string | undefined;
  readonly test: (destination: string) => void;
  readonly enable: (destination: string) => void;
  readonly replay: (notice: Notice) => void;
}

/** Returns the actions on notices and destinations. One action runs at a time. */
export function useNoticeActions(): NoticeActions {
  const transport = useTransport();
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [followed, setFollowed] = useState<Followed>();
  const [failure, setFailure] = useState<string>();
  const act = async (what: string, call: () => Promise<Notice | undefined>): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setFailure(undefined);
    setFollowed(undefined);
    try {
      const notice = await call();
      if (notice) setFollowed({ what, noticeId: notice.noticeId, attempts: notice.attempts });
      await reloadNotices(queries);
    } catch (error) {
      setFailure(`${what}: ${failureText(error)}`);
    } finally {
      setBusy(false);
    }
  };
  const { sendTestNotice, enableDestination, replayNotice } = NoticeService.method;
  return {
    ...{ isBusy, followed, failure },
    test: (destination) =>
      void act(`Test to ${destination}`, async () => {
        const { notice } = await callUnaryMethod(transport, sendTestNotice, { destination });
        return notice;
      }),
    enable: (name) =>
      void act(`Enable ${name}`, async () => {
        await callUnaryMethod(transport, enableDestination, { name });
        return undefined;
      }),
    replay: ({ noticeId, destination }) =>
      void act(`Replay to ${destination}`, async () => {
        const { notice } = await callUnaryMethod(transport, replayNotice, { noticeId });
        return notice;
      }),
  };
}

/** Reads the lists again. */
export async function reloadNotices(queries: QueryClient): Promise<void> {
  const { listDestinations, listNotices } = NoticeService.method;
  await Promise.all([
    queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: listDestinations, cardinality: "finite" }) }),
    queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: listNotices, cardinality: "infinite" }) }),
  ]);
}

/** The server's sentence where the state of the notice or destination prevents the action; else what can be done. */
function failureText(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.FailedPrecondition || code === Code.NotFound) return rawMessage;
  const { title, wayOut } = problemOf(error);
  return `${title}. ${wayOut}`;
}
