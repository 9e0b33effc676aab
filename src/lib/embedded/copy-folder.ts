import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Times of files have a resolution of some milliseconds. A file that changed this recently may have changed again with the same time. */
const settledMs = 1_000;

const copiesAtOnce = 8;

type State = { changedAt: number; bytes: number };

/** Brings a copy of a folder up to date. It copies only files that changed on either side since, and removes those that `target` has in excess. */
export function createFolderCopy(source: string, target: string) {
  const copied = new Map<string, { source: State; target: State; copiedAt: number }>();

  async function isCurrent(path: string): Promise<boolean> {
    const known = copied.get(path);
    if (!known || known.copiedAt - known.source.changedAt < settledMs) return false;
    const [from, to] = await Promise.all([stateOf(join(source, path)), stateOf(join(target, path))]);
    return isSame(from, known.source) && isSame(to, known.target);
  }

  async function copy(path: string): Promise<void> {
    const [from, to] = [join(source, path), join(target, path)];
    const before = await stateOf(from);
    const copiedAt = Date.now();
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const after = await stateOf(to);
    if (before && after) copied.set(path, { source: before, target: after, copiedAt });
  }

  return async (isWanted: (path: string) => boolean): Promise<void> => {
    const [files, present] = await Promise.all([listFiles(source), listFiles(target)]);
    const wanted = new Set(files.filter(isWanted));
    const excess = present.filter((path) => !wanted.has(path));
    await Promise.all(excess.map((path) => rm(join(target, path))));
    const waiting = [...wanted];
    const work = async () => {
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop())
        if (!(await isCurrent(path))) await copy(path);
    };
    await Promise.all(Array.from({ length: copiesAtOnce }, work));
    const folders = await listFolders(source);
    for (const folder of folders) await mkdir(join(target, folder), { recursive: true });
  };
}

async function stateOf(path: string): Promise<State | null> {
  const found = await stat(path).catch(() => null);
  return found && { changedAt: found.mtimeMs, bytes: found.size };
}

function isSame(a: State | null, b: State): boolean {
  return a !== null && a.changedAt === b.changedAt && a.bytes === b.bytes;
}

async function list(folder: string) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.map((entry) => ({
    path: join(entry.parentPath, entry.name).slice(folder.length + 1),
    isFolder: entry.isDirectory(),
  }));
}

async function listFiles(folder: string): Promise<string[]> {
  return (await list(folder)).filter(({ isFolder }) => !isFolder).map(({ path }) => path);
}

async function listFolders(folder: string): Promise<string[]> {
  return (await list(folder)).filter(({ isFolder }) => isFolder).map(({ path }) => path);
}
