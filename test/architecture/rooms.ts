import { codeIn, tableRows, type ImportGraph } from './source.js';

/** A row of the table in docs/architecture.md. */
export interface Room {
  readonly level: number;
  readonly name: string;
  /** Files, or folders that end with a slash. */
  readonly paths: readonly string[];
  readonly packages: readonly string[];
}

export function roomsOf(markdown: string): Room[] {
  return tableRows(markdown)
    .filter(([level]) => /^\d+$/.test(level ?? ''))
    .map(([level, name, paths, packages]) => ({
      level: Number(level),
      name: name ?? '',
      paths: codeIn(paths ?? ''),
      packages: codeIn(packages ?? ''),
    }));
}

/** The room of a file; a file that is named goes before the folder that it is in. */
export function roomOf(path: string, rooms: readonly Room[]): Room | undefined {
  return (
    rooms.find(({ paths }) => paths.includes(path)) ??
    rooms.find(({ paths }) => paths.some((folder) => folder.endsWith('/') && path.startsWith(folder)))
  );
}

/** A sentence for each import that the rooms do not allow. */
export function violations(graph: ImportGraph, rooms: readonly Room[]): string[] {
  const problems: string[] = [];
  for (const [path, { files, packages }] of graph) {
    const room = roomOf(path, rooms);
    if (room === undefined) {
      problems.push(`${path} is in no room.`);
      continue;
    }
    for (const file of files) {
      const other = roomOf(file, rooms);
      if (other === undefined) problems.push(`${path} imports ${file}, which is in no room.`);
      else if (other !== room && other.level >= room.level)
        problems.push(`${path} (${room.name}) must not import ${file} (${other.name}).`);
    }
    for (const name of packages) {
      if (!room.packages.includes(name)) problems.push(`${path} (${room.name}) must not load ${name}.`);
    }
  }
  return problems;
}

/** A sentence for each thing that the rooms say and no file bears out. */
export function emptyPromises(graph: ImportGraph, rooms: readonly Room[]): string[] {
  return rooms.flatMap((room) => {
    const members = [...graph].filter(([path]) => roomOf(path, rooms) === room);
    const loaded = new Set(members.flatMap(([, { packages }]) => packages));
    return [
      ...room.paths
        .filter((named) => !members.some(([path]) => path === named || path.startsWith(named)))
        .map((named) => `${room.name}: there is no ${named}.`),
      ...room.packages.filter((name) => !loaded.has(name)).map((name) => `${room.name}: nothing loads ${name}.`),
    ];
  });
}
