/** A link to GitHub in a new tab. Only web addresses become links. */
export function GitHubLink({ url, children = "GitHub" }: { url: string | null; children?: string }) {
  if (url === null || !/^https?:\/\//i.test(url)) return null;
  return (
    <a class="external" href={url} target="_blank" rel="noopener noreferrer">
      {children}
      <span aria-hidden="true"> ↗</span>
      <span class="hidden"> (opens a new tab)</span>
    </a>
  );
}
