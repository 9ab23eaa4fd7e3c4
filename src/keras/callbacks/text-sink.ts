/** What callbacks write text to. Opening files is `text-file.ts`'s. */

/** What text is written to. */
export interface TextSink {
  write(text: string): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface TextFile extends TextSink {
  /** Whether the file held text when it was opened. */
  readonly hasText: boolean;
}
