import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from './platform-process.ts';

export type SmallDisk = {
  readonly folder: string;
  /** Fills the disk up to so many free bytes. */
  fill(leaveBytes: number): void;
  makeSpace(): void;
  remove(): void;
};

const mount = (folder: string, megabytes: number) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { encoding: 'utf8' });

/** Mounts a file system in memory. @throws Error where this user may not mount one */
export const mountSmallDisk = (megabytes: number): SmallDisk => {
  const folder = dataFolder();
  const { status, stderr } = mount(folder, megabytes);
  if (status !== 0) throw new Error(`a tmpfs cannot be mounted: ${stderr ?? 'there is no program mount'}`);
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: (leaveBytes) => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - leaveBytes));
    },
    makeSpace: () => rmSync(filler),
    remove: () => void spawnSync('umount', ['-l', folder]),
  };
};

/** The reason why a small disk cannot be mounted here; undefined where it can. */
export const findSmallDiskObstacle = (): string | undefined => {
  try {
    mountSmallDisk(1).remove();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
