import { route } from "../router.ts";
import { PullRequestFinder } from "./pull-request/finder.tsx";
import { PullRequestPage } from "./pull-request/page.tsx";

/** Not `.` and `..`, which would change the path of requests: the address bar can hold any text. */
const isName = (text: string | undefined) => text !== undefined && /^(?!\.{1,2}$)[\w.-]+$/.test(text);

/** `#/pull-request` finds pull requests, `#/pull-request/owner/name/7` shows one. */
export function PullRequestsView() {
  const [owner, name, number] = route.value.segments;
  if (!isName(owner) || !isName(name) || !/^\d{1,9}$/.test(number ?? "")) return <PullRequestFinder />;
  const repository = `${owner}/${name}`;
  return <PullRequestPage key={`${repository} ${number}`} repository={repository} number={Number(number)} />;
}
