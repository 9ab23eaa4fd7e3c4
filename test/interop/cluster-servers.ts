/**
 * Clusters of TensorFlow servers on this machine, each task in a process of its own: started, killed, started again and
 * stopped. What is run on them is the tests' business.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ClusterSpec } from '../../src/train/cluster-spec.ts';
import { python, pythonEnv } from './python.ts';

const SCRIPT = fileURLToPath(new URL('cluster.py', import.meta.url));
const START_MS = 120_000;

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export class Cluster {
  private readonly tasks = new Map<string, ChildProcess>();
  private readonly onExit = (): void => {
    for (const task of this.tasks.values()) task.kill('SIGKILL');
  };

  private constructor(readonly spec: ClusterSpec) {
    process.on('exit', this.onExit);
  }

  /** Starts so many tasks of each job: `{ps: 1, worker: 2}`. */
  static async start(jobs: Readonly<Record<string, number>>): Promise<Cluster> {
    const names = Object.entries(jobs).flatMap(([job, count]) => Array.from({ length: count }, () => job));
    const ports = await freePorts(names.length);
    const addresses = (job: string) => ports.filter((_, i) => names[i] === job).map((port) => `127.0.0.1:${port}`);
    const cluster = new Cluster(
      new ClusterSpec(Object.fromEntries(Object.keys(jobs).map((job) => [job, addresses(job)]))),
    );
    try {
      await Promise.all(
        Object.entries(jobs).flatMap(([job, count]) => Array.from({ length: count }, (_, i) => cluster.begin(job, i))),
      );
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What sessions take for the task as master. */
  target(job: string, task = 0): string {
    return `grpc://${this.spec.taskAddress(job, task)}`;
  }

  /** Starts a task, also one that was killed. */
  async begin(job: string, task: number): Promise<void> {
    const args = [SCRIPT, job, String(task), JSON.stringify(this.spec.asDict())];
    const child = spawn(python as string, args, { env: pythonEnv, stdio: ['pipe', 'pipe', 'pipe'] });
    this.tasks.set(`${job}:${task}`, child);
    let said = '';
    child.stderr?.on('data', (data) => {
      said = (said + data).slice(-3000);
    });
    const started = new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (data) => String(data).includes('grpc://') && resolve());
      child.on('exit', (code) => reject(new Error(`/job:${job}/task:${task} ended with ${code}:\n${said}`)));
      setTimeout(() => reject(new Error(`/job:${job}/task:${task} did not start:\n${said}`)), START_MS).unref();
    });
    await started;
  }

  /** Ends a task at once, as a machine does that fails. */
  async kill(job: string, task: number): Promise<void> {
    const child = this.tasks.get(`${job}:${task}`);
    this.tasks.delete(`${job}:${task}`);
    if (!child || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    await Promise.all([...this.tasks.keys()].map((key) => this.kill(key.split(':')[0], Number(key.split(':')[1]))));
  }
}
