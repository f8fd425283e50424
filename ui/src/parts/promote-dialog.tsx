// Makes a version live after a person has read its gate's verdict and given a reason, which is recorded.

import { useState } from "react";
import { Button } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import type { ModelSummary } from "../../../src/http/api.ts";
import { PromoteForm } from "./promote-form.tsx";

interface PromoteDialogProps {
  readonly model: ModelSummary;
  readonly live: ModelSummary | null;
  readonly onPromoted: (version: number) => void;
}

export function PromoteDialog({ model, live, onPromoted }: PromoteDialogProps) {
  const [open, setOpen] = useState(false);
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button>
        {live !== null && model.version < live.version ? `Go back to v${model.version}` : `Promote v${model.version}`}
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal">
          <Dialog>
            <Heading slot="title">Make v{model.version} live?</Heading>
            <PromoteForm
              model={model}
              live={live}
              onCancel={() => setOpen(false)}
              onDone={() => {
                setOpen(false);
                onPromoted(model.version);
              }}
            />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
