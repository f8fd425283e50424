// What stands in place of the page when the page itself has a bug: the message, and a way on.

import { Component, type ReactNode } from "react";

interface CrashState {
  readonly message: string | null;
}

export class Crash extends Component<{ children: ReactNode }, CrashState> {
  override state: CrashState = { message: null };

  static getDerivedStateFromError(error: unknown): CrashState {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <main className="centre">
        <h1>This page stopped working</h1>
        <p>{this.state.message}</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
