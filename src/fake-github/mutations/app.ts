import type { AppHook } from "../state.ts";
import type { World } from "../world.ts";

/** Changes the App on its settings page. */
export function configureApp(
  world: World,
  {
    permissions,
    events,
    hook,
  }: { permissions?: Record<string, "read" | "write">; events?: string[]; hook?: Partial<AppHook> },
): void {
  if (permissions) world.app.permissions = permissions;
  if (events) world.app.events = events;
  world.app.hook = { ...world.app.hook, ...hook };
}
