/** Lets the event loop turn now and then: runs on wasm end without waiting, and would hold timers and pages up. */

/** How long work may go on, in milliseconds. */
const SPAN = 50;

export class Breather {
  private since = performance.now();

  /** Waits for a turn of the event loop if the last one was long ago. */
  async pause(): Promise<void> {
    if (performance.now() - this.since < SPAN) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    this.since = performance.now();
  }
}
