/**
 * Python with TensorFlow for the tests beside this file: the interpreter that `TFJS_GRAPH_PYTHON` names. What the scripts do
 * is their business.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The interpreter; undefined without one. */
export const python = process.env.TFJS_GRAPH_PYTHON;

/** Why the tests are skipped: the end of their names. */
export const REASON = 'skipped: TFJS_GRAPH_PYTHON names no Python with TensorFlow';

export const pythonEnv = {
  ...process.env,
  TF_CPP_MIN_LOG_LEVEL: '3',
  CUDA_VISIBLE_DEVICES: '',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** Runs a script of this folder and reads what it prints, JSON. Throws with what it wrote to stderr where it fails. */
export function runPython<T>(script: string, ...args: readonly string[]): T {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(python as string, [path, ...args], {
    env: pythonEnv,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 550_000,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr.slice(-3000)}`);
  return JSON.parse(stdout) as T;
}
