import { Component, type ReactNode } from "react";

interface LoadBoundaryProps {
  /** Changes when the reader goes to another page: then the parts are tried again. */
  readonly place: string;
  readonly children: ReactNode;
}

interface LoadBoundaryState {
  readonly hasFailed: boolean;
}

/**
 * Shows an error where a part of the page could not be loaded or drawn: the browser is offline, the server was
 * updated, or the part has a defect. The other parts keep working.
 */
export class LoadBoundary extends Component<LoadBoundaryProps, LoadBoundaryState> {
  override state: LoadBoundaryState = { hasFailed: false };

  static getDerivedStateFromError(): LoadBoundaryState {
    return { hasFailed: true };
  }

  override componentDidUpdate({ place }: LoadBoundaryProps): void {
    if (place !== this.props.place && this.state.hasFailed) this.setState({ hasFailed: false });
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="notice failure" role="alert">
        <strong>This part of the page cannot be loaded</strong>
        <p>Check that you are connected. If the server was updated, load the page again: what you typed is kept.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Load the page again
        </button>
      </div>
    );
  }
}
