import type { AuditEvent, AuditPayload } from "../../domain/audit-event.ts";

/** The fields of an event that come from one message. */
export type EventFields = Partial<Pick<AuditEvent, "kind" | "subject">> & { readonly payload?: AuditPayload };

/** Maximum length of an actor, a subject and a name in an event, bytes of UTF-8. */
export const MAX_NAME_BYTES = 256;
