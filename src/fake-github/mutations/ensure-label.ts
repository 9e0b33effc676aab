import type { Label, Repository } from "../state.ts";
import { nextId, currentTimestamp } from "../world.ts";
import type { World } from "../world.ts";

/** Finds the label with this name or creates it, without a webhook. */
export function ensureLabel(world: World, repository: Repository, name: string): Label {
  const found = repository.labels.get(name.toLowerCase());
  if (found) return found;
  const now = currentTimestamp(world);
  const label: Label = {
    kind: "label",
    id: nextId(world, "label"),
    repository,
    name,
    color: "d73a4a",
    description: null,
    default: false,
    createdAt: now,
    updatedAt: now,
  };
  repository.labels.set(name.toLowerCase(), label);
  return label;
}
