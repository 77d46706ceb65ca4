import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The kernel refills a share of a CPU this often; Lambda's own period. */
const PERIOD_US = 20_000;

const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/** How the machine can limit a process's CPU: by quota, as Lambda does, or not at all. */
export type CpuLimit = 'quota' | 'none';

/** A group for processes that share so many CPUs. `end` must be called when they have ended. */
export interface CpuGroup {
  readonly limit: CpuLimit;
  readonly add: (pid: number) => void;
  readonly end: () => void;
}

/** Without control groups, or without the right to make one, nothing is limited, and `limit` says so. */
export function cpuGroup(cpus: number): CpuGroup {
  const name = `parallax-bench-${process.pid}`;
  const quotaUs = Math.round(cpus * PERIOD_US);
  for (const { folder, write } of [
    {
      folder: `${V1}/${name}`,
      write: (group: string) => {
        writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_US));
        writeFileSync(`${group}/cpu.cfs_quota_us`, String(quotaUs));
      },
    },
    {
      folder: `${V2}/${name}`,
      write: (group: string) => writeFileSync(`${group}/cpu.max`, `${quotaUs} ${PERIOD_US}`),
    },
  ]) {
    try {
      mkdirSync(folder, { recursive: false });
    } catch {
      continue;
    }
    try {
      write(folder);
      return {
        limit: 'quota',
        add: (pid) => writeFileSync(`${folder}/cgroup.procs`, String(pid)),
        end: () => rmdirSync(folder),
      };
    } catch {
      rmdirSync(folder);
    }
  }
  return { limit: 'none', add: () => {}, end: () => {} };
}

/** Keeps a process, with its threads, to one core of several, counted from 0. False where the machine cannot. */
export function pin(pid: number, core: number): boolean {
  if (process.platform !== 'linux' || availableParallelism() <= core) return false;
  return spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)]).status === 0;
}

/** How busy the machine was over the last minute, as the number of processes that wanted a core. */
export function loadAverage(): number | null {
  if (!existsSync('/proc/loadavg')) return null;
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ', 1)[0]);
}

/** Of all the machine's CPU time from then to now, the part that its host gave to others, 0 to 1; 0 where nobody says. */
export function stolenSince(before: CpuTimes): number {
  const after = cpuTimes();
  const total = after.total - before.total;
  return total > 0 ? (after.stolen - before.stolen) / total : 0;
}

export interface CpuTimes {
  readonly stolen: number;
  readonly total: number;
}

/** @see https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat */
export function cpuTimes(): CpuTimes {
  if (!existsSync('/proc/stat')) return { stolen: 0, total: 0 };
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  // user nice system idle iowait irq softirq steal; guests' time is in user's.
  const ticks = first.split(/\s+/).slice(1, 9).map(Number);
  return { stolen: ticks[7] ?? 0, total: ticks.reduce((sum, tick) => sum + tick, 0) };
}
