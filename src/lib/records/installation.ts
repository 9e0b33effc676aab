import { z } from "zod";
import { accountSchema, accountIdOf, ghostId, hasLogin, hasSlug, toAccount } from "./account.ts";
import { absentIfNull, numericId, shortText, text, timestampOrSeconds, type KnownColumns } from "./values.ts";

/**
 * The account of an installation. It becomes null for an enterprise, which has a slug and no login and is not an account. GitHub's null is
 * unknown.
 * https://docs.github.com/webhooks/webhook-events-and-payloads#installation
 */
const installedOn = accountSchema
  .extend({ slug: absentIfNull(text) })
  .nullish()
  .transform((value) => {
    if (!value) return undefined;
    if (value.id === ghostId) return null;
    if (!hasLogin(value)) return hasSlug(value) ? null : undefined;
    return toAccount(value);
  })
  .optional();

/** `suspended_at` is null while the installation is active. Older payloads lack it. */
export const installationSchema = z.object({
  id: numericId,
  account: installedOn,
  repository_selection: absentIfNull(shortText),
  created_at: timestampOrSeconds,
  updated_at: timestampOrSeconds,
  suspended_at: timestampOrSeconds.nullish(),
});

export type GitHubInstallation = z.output<typeof installationSchema>;

export function toInstallation(installation: GitHubInstallation) {
  return {
    id: installation.id,
    account_id: accountIdOf(installation.account),
    repository_selection: installation.repository_selection,
    created_at: installation.created_at,
    updated_at: installation.updated_at,
    suspended_at: installation.suspended_at,
  };
}

/** `suspended_at` is null while the App may work. `account_id` is null for an enterprise. */
export type InstallationRow = KnownColumns<
  ReturnType<typeof toInstallation>,
  "id" | "created_at" | "updated_at"
>;
