import { SupplierMergeService } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import type { Transport } from "@connectrpc/connect";
import { useRef, useState } from "react";
import { answersOf, ReasonForm } from "../parts/reason-form.tsx";

interface DecisionButtonProps {
  /** What the button does, for example "Merge S_2 into S_1". */
  readonly name: string;
  /** What follows, in one sentence or two. */
  readonly text: string;
  readonly draft: string;
  readonly send: (transport: Transport, reason: string) => Promise<unknown>;
  readonly onDone: () => void;
}

/** A button that opens a form, which asks for the reason and sends the decision. */
export function DecisionButton({ name, text, draft, send, onDone }: DecisionButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  if (!isOpen)
    return (
      <button type="button" ref={button} onClick={() => setOpen(true)}>
        {name}…
      </button>
    );
  return (
    <ReasonForm
      name={name}
      text={text}
      draft={draft}
      changed={[answersOf(SupplierMergeService), answersOf(SupplierService)]}
      send={send}
      onClose={close}
      onDone={() => {
        close();
        onDone();
      }}
    />
  );
}
