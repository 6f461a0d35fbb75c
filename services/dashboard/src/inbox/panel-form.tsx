import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import type { FormProps } from "./action-form.tsx";
import { CommentForm } from "./comment-form.tsx";
import { HandOverForm } from "./hand-over-form.tsx";
import type { FormKind } from "./inbox-state.ts";
import { OverrideForm } from "./override-form.tsx";
import { ResolveForm } from "./resolve-form.tsx";
import { SnoozeForm } from "./snooze-form.tsx";

interface PanelFormProps extends FormProps {
  readonly kind: FormKind;
  /** Loaded alerts, whose owners are suggested. */
  readonly alerts: readonly Alert[];
}

/** The form of an action. */
export function PanelForm({ kind, alerts, ...props }: PanelFormProps) {
  switch (kind) {
    case "resolve":
      return <ResolveForm {...props} />;
    case "snooze":
      return <SnoozeForm {...props} />;
    case "handOver":
      return <HandOverForm {...props} alerts={alerts} />;
    case "comment":
      return <CommentForm {...props} />;
    case "override":
      return <OverrideForm {...props} />;
  }
}
