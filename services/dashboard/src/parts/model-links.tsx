import { Fragment } from "react";

interface ModelLinksProps {
  /** The model whose scores are shown. Empty: none. */
  readonly shown: string;
  readonly all: readonly string[];
  /** Returns the address of the same page with the scores of another model. */
  readonly hrefOf: (modelName: string) => string;
}

/**
 * Names the model whose scores are shown, with links to the same page for other models. Renders nothing when
 * there is only one model.
 */
export function ModelLinks({ shown, all, hrefOf }: ModelLinksProps) {
  const others = all.filter((one) => one !== shown);
  if (others.length === 0) return null;
  return (
    <span className="quiet">
      Scores by {shown}. Also scored by:{" "}
      {others.map((modelName, i) => (
        <Fragment key={modelName}>
          {i > 0 && ", "}
          <a href={hrefOf(modelName)}>{modelName}</a>
        </Fragment>
      ))}
    </span>
  );
}
