import { type Notice, NoticeState } from "@bellwether/gen/bellwether/ops/v1/notice_pb";
import { visibleText } from "@bellwether/reasons/visible-text";
import { Fragment, useState } from "react";
import { Badge } from "../parts/badges.tsx";
import { agoText, countOf, timeText } from "../parts/format.ts";
import { Name } from "../parts/name.tsx";
import { Wide } from "../parts/wide.tsx";
import { wordOf } from "../parts/words.ts";
import { useReader } from "../session/reader.ts";
import { NoticeDetails } from "./notice-details.tsx";
import { CHANNEL_WORDS, NOTICE_STATE_WORDS, subjectText } from "./notice-words.ts";
import type { NoticeActions } from "./use-notice-actions.ts";

const COLUMNS = 5;

/** The notices, newest first, each with the reason of its last attempt. Details are opened below a row. */
export function NoticeTable({ notices, actions }: { notices: readonly Notice[]; actions: NoticeActions }) {
  const [openId, setOpenId] = useState("");
  const { mayAdminister } = useReader();
  const nowMs = Date.now();
  return (
    <Wide label="Notices">
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">Notice</th>
            <th scope="col">Destination</th>
            <th scope="col">State</th>
            <th scope="col">Last attempt</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {notices.map((notice) => {
            const { noticeId, createdAt, destination, channel, recipient, state } = notice;
            const isOpen = noticeId === openId;
            return (
              <Fragment key={noticeId}>
                <tr>
                  <th scope="row">
                    {subjectText(notice)}
                    <small title={timeText(createdAt)}>{agoText(createdAt, nowMs)}</small>
                  </th>
                  <td>
                    {destination}
                    <small>
                      {wordOf(CHANNEL_WORDS, channel)}
                      {recipient !== destination && (
                        <>
                          {" for "}
                          <Name>{recipient}</Name>
                        </>
                      )}
                    </small>
                  </td>
                  <td>
                    <Badge tone={toneOf(notice)}>{wordOf(NOTICE_STATE_WORDS, state)}</Badge>
                  </td>
                  <td className="why">
                    <LastAttempt notice={notice} />
                  </td>
                  <td className="whole">
                    <div className="actions">
                      <button type="button" aria-expanded={isOpen} onClick={() => setOpenId(isOpen ? "" : noticeId)}>
                        Details
                      </button>
                      {mayAdminister && state === NoticeState.DEAD && (
                        <button type="button" disabled={actions.isBusy} onClick={() => actions.replay(notice)}>
                          Replay
                        </button>
                      )}
                    </div>
                  </td>
                </tr>
                {isOpen && (
                  <tr>
                    <td colSpan={COLUMNS} className="why">
                      <NoticeDetails noticeId={noticeId} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}

function LastAttempt({ notice }: { notice: Notice }) {
  const { attempts, reason, nextAttemptAt, state } = notice;
  const next = state === NoticeState.WAITING ? timeText(nextAttemptAt) : "";
  return (
    <>
      {attempts === 0 && !reason ? "No attempt yet" : <bdi>{visibleText(reason)}</bdi>}
      <small>
        {attempts > 0 && countOf(attempts, "attempt")}
        {next !== "" && `${attempts > 0 ? ", next" : "Next"} ${next}`}
      </small>
    </>
  );
}

function toneOf({ state, attempts }: Notice): "calm" | "urgent" | "careful" | "busy" {
  if (state === NoticeState.DELIVERED || state === NoticeState.LEFT_OUT) return "calm";
  if (state === NoticeState.DEAD) return "urgent";
  return attempts > 0 ? "careful" : "busy";
}
