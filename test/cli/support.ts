/** The command line in this process: what it writes, and its exit code. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Uint8Array;
}

export async function cli(
  args: readonly string[],
  shown: { isTTY?: boolean; columns?: number } = {},
): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  let err = '';
  const { isTTY = false, columns = 80 } = shown;
  const code = await main(
    args,
    {
      out: async (content) =>
        void parts.push(typeof content === 'string' ? new TextEncoder().encode(content) : content),
      err: (text) => {
        err += text;
      },
      isTTY,
      columns,
      colors: false,
    },
    '0.0.0',
  );
  const bytes = Buffer.concat(parts);
  return { code, out: bytes.toString(), err, bytes };
}

/** A path below test/goldens. */
export function golden(path: string): string {
  return fileURLToPath(new URL(`../goldens/${path}`, import.meta.url));
}

export interface Listed {
  readonly dtype: string;
  readonly shape: number[];
  readonly data: unknown;
}

/** What TensorFlow and NumPy say of the files in test/goldens/cli. */
export const facts = JSON.parse(readFileSync(golden('cli/facts.json'), 'utf8')) as {
  readonly convnet: {
    readonly flops: number;
    readonly flops_by_op: Record<string, number>;
    readonly ops: Record<string, number>;
    readonly probs: Listed;
    readonly classes: Listed;
  };
  readonly linear: {
    readonly y: Listed;
    readonly frozen: [string, string][];
    readonly ops: Record<string, number>;
  };
  readonly npy: Record<string, Listed>;
};
