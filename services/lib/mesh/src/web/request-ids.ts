import { type AnswerIds, createAnswerIds, idFields, REQUEST_ID_HEADER, TRACE_ID_HEADER } from "../call/answer-ids.ts";
import type { WebRequest, WebResponse } from "./web-handler.ts";

/**
 * Adds the ids of the answer to its headers, so that every answer has them: of calls, files, and rejections before a
 * call. The request gets the id too, so that its call has the same one. A call adds its own trace id later.
 */
export function identify(request: WebRequest, response: WebResponse): void {
  const { headers } = request;
  const ids = createAnswerIds(text(headers[REQUEST_ID_HEADER]), text(headers.traceparent));
  headers[REQUEST_ID_HEADER] = ids.requestId;
  for (const [name, value] of idFields(ids)) response.setHeader(name, value);
}

/** Returns the ids that `identify` has given to an answer. */
export function idsOfAnswer(response: WebResponse): AnswerIds {
  const requestId = text(response.getHeader(REQUEST_ID_HEADER));
  const traceId = text(response.getHeader(TRACE_ID_HEADER));
  return { ...createAnswerIds(requestId, undefined), traceId };
}

const text = (value: string | number | readonly string[] | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
