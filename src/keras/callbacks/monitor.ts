/** What callbacks that watch a metric have in common: which direction is better. What they do then is their own. */
import { warn } from './output.ts';

export type MonitorMode = 'auto' | 'min' | 'max';

/** The mode, `'auto'` with a warning where it is none. */
export function checkMode(mode: string, unknown: (mode: string) => string): MonitorMode {
  if (mode === 'auto' || mode === 'min' || mode === 'max') return mode;
  warn(unknown(mode));
  return 'auto';
}

/** Whether more is better; `auto` tells by the name of the metric. */
export function growing(mode: MonitorMode, auto: boolean): boolean {
  return mode === 'auto' ? auto : mode === 'max';
}
