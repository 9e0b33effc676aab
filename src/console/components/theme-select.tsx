import { setTheme, theme, type Theme } from "../theme.ts";

export function ThemeSelect() {
  return (
    <select
      class="select quiet"
      aria-label="Theme"
      value={theme.value}
      onChange={(event) => setTheme(event.currentTarget.value as Theme)}
    >
      <option value="system">System theme</option>
      <option value="light">Light theme</option>
      <option value="dark">Dark theme</option>
    </select>
  );
}
