import { NoteField } from "../parts/note-field.tsx";
import { useDraft } from "../session/use-draft.ts";
import { ActionForm, draftName, type FormProps } from "./action-form.tsx";

/** Adds a comment to the history of alerts. */
export function CommentForm(props: FormProps) {
  const [comment, setComment, clear] = useDraft(draftName("comment", props.targets));
  return (
    <ActionForm
      {...props}
      action="Comment"
      onSent={clear}
      decision={() => (comment.trim() === "" ? undefined : { kind: "comment", comment })}
    >
      <NoteField label="Comment (Ctrl Enter sends it)" value={comment} onChange={setComment} isRequired isFirst />
    </ActionForm>
  );
}
